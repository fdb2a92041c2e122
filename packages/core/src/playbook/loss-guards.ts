import { MnemosyneError } from "../errors.ts";
import type { Playbook, PlaybookDelta, PlaybookItem } from "../ports/playbook-store.ts";
import { estimateTokens } from "../token-estimate.ts";
import { missingFacts, wordsKept } from "./statement-facts.ts";

/** The share of verified content (in tokens) that one set of deltas may lose. A set that loses one item only may always do so. */
export const COLLAPSE_SHARE = 0.2;

/** The share of a verified statement's words that a rewording must keep. */
const WORDS_KEPT = 0.5;

/**
 * Throws `E_PLAYBOOK_LOSS` for two ways to lose what was learnt. *Brevity*: an update, merge or restore that drops names,
 * numbers, paths or conditions of what was verified, or half of its words. *Collapse*: a set that loses more than
 * {@link COLLAPSE_SHARE} of all verified content, by whatever operations. Items that harmed more than they helped
 * before the set may go.
 */
export function checkLoss(before: Playbook, deltas: readonly PlaybookDelta[], after: Playbook): void {
  const heirs = heirsOf(deltas);
  const now = new Map(after.items.map((item) => [item.id, item]));
  let total = 0;
  let lost = 0;
  const losing: string[] = [];
  for (const item of before.items) {
    const checked = item.verifiedContent;
    if (checked === undefined || item.harmful > item.helpful) continue;
    const size = Math.max(1, estimateTokens(checked));
    total += size;
    const heir = heirIn(item.id, heirs, now);
    if (heir === item) continue;
    if (heir !== undefined) checkBrevity(item.id, checked, heir);
    const share = heir === undefined ? 1 : 1 - wordsKept(checked, heir.content);
    if (share === 0) continue;
    lost += size * share;
    losing.push(item.id);
  }
  if (losing.length <= 1 || lost <= total * COLLAPSE_SHARE) return;
  throw new MnemosyneError(
    "E_PLAYBOOK_LOSS",
    `These deltas would lose ${Math.round((100 * lost) / total)} % of the playbook's verified content at once (${losing.slice(0, 5).join(", ")}${losing.length > 5 ? ", ..." : ""}); ` +
      `at most ${COLLAPSE_SHARE * 100} % may go with one set. Merge what says the same, or remove less.`,
    {
      kind: "input",
      path: "deltas",
      details: { guard: "collapse", lost: Math.round(lost), verified: total, items: losing },
    },
  );
}

function checkBrevity(id: string, checked: string, heir: PlaybookItem): void {
  const missing = [
    ...missingFacts(checked, heir.content),
    ...(heir.verifiedContent === undefined ? ["that it was verified"] : []),
  ];
  if (missing.length === 0 && wordsKept(checked, heir.content) >= WORDS_KEPT) return;
  const what = missing.length === 0 ? "more than half of its words" : missing.slice(0, 5).join(", ");
  throw new MnemosyneError(
    "E_PLAYBOOK_LOSS",
    `The new words of '${heir.id}' drop ${what} of the verified '${id}'; keep them, or remove the item with evidence.`,
    { kind: "input", path: "deltas", details: { guard: "brevity", item: id, missing: [...missing] } },
  );
}

/** For each item that a merge takes in, the one that stays. */
function heirsOf(deltas: readonly PlaybookDelta[]): ReadonlyMap<string, string> {
  const heirs = new Map<string, string>();
  for (const delta of deltas) {
    if (delta.op !== "merge") continue;
    const [first = "", ...rest] = delta.ids;
    for (const id of rest) heirs.set(id, first);
  }
  return heirs;
}

function heirIn(
  id: string,
  heirs: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, PlaybookItem>,
): PlaybookItem | undefined {
  const seen = new Set<string>();
  for (let at: string | undefined = id; at !== undefined && !seen.has(at); at = heirs.get(at)) {
    seen.add(at);
    const item = now.get(at);
    if (item !== undefined) return item;
  }
  return undefined;
}
