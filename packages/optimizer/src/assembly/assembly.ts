import {
  MnemosyneError,
  type Compressor,
  type ContextPayload,
  type ContextSection,
  type ContextShare,
} from "@mnemosyne/core";
import type { Archive } from "../compress/archive.ts";
import { compressWith } from "../compress/compress-items.ts";
import { allocate, type Sections } from "./allocate.ts";
import type { Collected } from "./collect.ts";
import type { KnownCounts } from "./known-counts.ts";
import { kindOf, type Candidate, type ContextOffer, type Dropped } from "./offer.ts";
import { headingOf, renderText, sampleBlock, turnsFrame, type Head } from "./render.ts";

/** What one context is assembled from. */
export interface AssemblyParts {
  readonly collected: Collected;
  readonly head: Head;
  readonly nonce: string;
  readonly budget: number;
  readonly system: string;
  readonly sections: Sections;
  readonly count: (text: string) => number;
  /** The same for texts that stood in earlier contexts. */
  readonly counts: KnownCounts;
  readonly compressors: readonly Compressor[];
  readonly archive: Archive;
}

const SHARES: readonly ContextShare[] = ["critical", "skills", "project", "general"];

/** From so many characters on a text is counted apart from its delimiters. */
const APART = 1000;
/** Fewer tokens than this are not worth a second look. */
const SLACK = 15;

/** Assembles one context. No I/O. */
export class Assembly {
  readonly #parts: AssemblyParts;

  constructor(parts: AssemblyParts) {
    this.#parts = parts;
  }

  /** Throws `E_BUDGET` when the critical section alone does not fit. */
  payload(): ContextPayload {
    const { budget, collected, head, nonce, system, sections, count } = this.#parts;
    const candidates = collected.offers.map(({ offer, share }, order) =>
      this.#candidate(offer, share, order),
    );
    const critical = candidates.filter((candidate) => candidate.share === "critical");
    const systemTokens = count(system);
    const total = (included: readonly Candidate[]): { text: string; tokens: number } => {
      const text = renderText(included, head, nonce);
      return { text, tokens: systemTokens + count(text) };
    };
    const alone = total(critical);
    if (alone.tokens > budget) throw tooSmall(alone.tokens, budget);

    const fill = (slack: number): ReturnType<typeof allocate> =>
      allocate({
        budget,
        slack,
        critical: alone.tokens,
        candidates: candidates.filter((candidate) => candidate.share !== "critical"),
        sections,
        headingTokens: ({ kind, offer }) => count(offer.turn === undefined ? headingOf(kind) : turnsFrame()),
        shrink: (candidate, tokens) => this.#shrink(candidate, tokens),
      });
    let { taken, dropped } = fill(0);
    let whole = total([...critical, ...taken]);
    // Item by item rounds up; what that leaves over at the end is offered once more.
    if (dropped.length > 0 && budget - whole.tokens >= SLACK) {
      const more = fill(budget - whole.tokens);
      const fuller = total([...critical, ...more.taken]);
      if (fuller.tokens <= budget && fuller.tokens > whole.tokens) {
        ({ taken, dropped } = more);
        whole = fuller;
      }
    }
    const included = [...taken];
    const squeezed: Dropped[] = [];
    // A counter may count the whole higher than its parts: what was taken last goes first.
    while (whole.tokens > budget) {
      const candidate = included.pop();
      if (candidate === undefined) throw tooSmall(whole.tokens, budget);
      squeezed.push({ candidate, reason: "no room: together the items count for more than one by one" });
      whole = total([...critical, ...included]);
    }
    const left = [...squeezed, ...dropped];
    this.#preserve([...critical, ...included], left);
    return this.#report(whole, systemTokens, [...critical, ...included], left);
  }

  #candidate(offer: ContextOffer, share: ContextShare, order: number): Candidate {
    const kind = kindOf(offer);
    const { count, counts } = this.#parts;
    const tokens =
      offer.text.length < APART
        ? count(sampleBlock(kind, offer))
        : count(sampleBlock(kind, { ...offer, text: "" })) + counts.count(offer.text);
    return { offer, kind, share, order, tokens };
  }

  #shrink(candidate: Candidate, tokens: number): Candidate | undefined {
    const marked: ContextOffer =
      candidate.offer.turn === undefined
        ? { ...candidate.offer, attributes: { ...candidate.offer.attributes, excerpt: "true" } }
        : candidate.offer;
    const frame = this.#parts.count(sampleBlock(candidate.kind, { ...marked, text: "" }));
    const smaller = compressWith(this.#parts.compressors, marked, tokens - frame);
    if (smaller === undefined) return undefined;
    return { ...this.#candidate(smaller, candidate.share, candidate.order), original: candidate.offer };
  }

  #preserve(included: readonly Candidate[], dropped: readonly Dropped[]): void {
    const { archive, collected } = this.#parts;
    const put = ({ id, text, whole }: ContextOffer): void => archive.put(id, whole ?? text);
    for (const { offer, original } of included)
      if (original !== undefined || offer.whole !== undefined) put(original ?? offer);
    for (const { candidate } of dropped) put(candidate.offer);
    for (const { offer } of collected.leftOut) put(offer);
  }

  #report(
    whole: { readonly text: string; readonly tokens: number },
    systemTokens: number,
    included: readonly Candidate[],
    left: readonly Dropped[],
  ): ContextPayload {
    const { budget, collected, counts, system } = this.#parts;
    const items = (share: ContextShare): ContextSection["items"] => [
      ...(share === "critical" ? [{ id: "system", source: "optimizer", tokens: systemTokens }] : []),
      ...included
        .filter((candidate) => candidate.share === share)
        .map(({ offer, tokens }) => ({ id: offer.id, source: offer.source, tokens })),
    ];
    return {
      system,
      text: whole.text,
      tokens: whole.tokens,
      budget,
      sections: SHARES.map((share) => ({ name: share, share, items: items(share) }))
        .filter((section) => section.items.length > 0)
        .map((section) => ({
          ...section,
          tokens: section.items.reduce((sum, { tokens }) => sum + tokens, 0),
        })),
      dropped: [
        ...left.map(({ candidate: { offer, tokens }, reason }) => ({
          id: offer.id,
          source: offer.source,
          tokens,
          reason,
        })),
        ...collected.leftOut.map(({ offer, reason }) => ({
          id: offer.id,
          source: offer.source,
          tokens: counts.count(offer.text),
          reason,
        })),
      ],
      recalled: included.flatMap(({ offer }) => (offer.memoryId === undefined ? [] : [offer.memoryId])),
    };
  }
}

function tooSmall(needed: number, budget: number): MnemosyneError {
  return new MnemosyneError(
    "E_BUDGET",
    `The critical section needs ${needed} tokens and the budget is ${budget}; raise the budget or shorten the task.`,
    { kind: "budget", path: "critical", details: { section: "critical", needed, budget } },
  );
}
