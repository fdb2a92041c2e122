import {
  MnemosyneError,
  TaskId,
  estimateTokenCount,
  type Compressor,
  type ContextAssembler,
  type ContextItem,
  type ContextPayload,
  type ContextRequest,
  type ContextShare,
  type ContextSource,
  type MemoryStore,
  type PlaybookApplied,
  type PlaybookStore,
  type SkillSource,
  type TokenCounter,
} from "@mnemosyne/core";
import { DEFAULT_SECTIONS, type SectionLimits, type Sections } from "./assembly/allocate.ts";
import { Assembly } from "./assembly/assembly.ts";
import { collectOffers, type Collected } from "./assembly/collect.ts";
import { KnownCounts } from "./assembly/known-counts.ts";
import { SYSTEM_INSTRUCTIONS, headOf } from "./assembly/render.ts";
import { Archive } from "./compress/archive.ts";
import { compressItems, type CompressedItems } from "./compress/compress-items.ts";
import { createExcerptCompressor } from "./compress/excerpt.ts";
import { createJsonCompressor } from "./compress/json.ts";
import { createAnswersSource } from "./sources/answers-source.ts";
import { createFilesSource } from "./sources/files-source.ts";
import { createFindingsSource } from "./sources/findings-source.ts";
import { createMemoriesSource } from "./sources/memories-source.ts";
import { learn, type LearnOptions } from "./playbook/learn.ts";
import type { Curator, Reflector, TaskOutcome } from "./playbook/learning.ts";
import { createPlanSource } from "./sources/plan-source.ts";
import { createPlaybookSource } from "./sources/playbook-source.ts";
import { createResultsSource } from "./sources/results-source.ts";
import { createSkillsSource } from "./sources/skills-source.ts";

/** Options of {@link Optimizer}. */
export interface OptimizerOptions {
  /** Sources beside the built-in ones, in the order in which their items stand among equals. */
  readonly sources?: readonly ContextSource[];
  /** Where memories are looked for. Without it none are. */
  readonly memory?: Pick<MemoryStore, "search">;
  /** Where playbooks are kept: their items stand in contexts, and {@link Optimizer.learn} adds to them. Without it there are none. */
  readonly playbooks?: PlaybookStore;
  /** What a task's outcome teaches. Default: what its gates blocked and then passed. */
  readonly reflector?: Reflector;
  /** How lessons enter a playbook. Default: what is known is counted, the rest added. */
  readonly curator?: Curator;
  /** Where skills come from. Default: `.claude/skills` and `.agents/skills` of the request's workspace; `false`: none. */
  readonly skills?: SkillSource | false;
  /** Counts tokens; the upper end of its band is what budgets hold. Default: core's estimate. */
  readonly counter?: Pick<TokenCounter, "count">;
  /** The model that the context is for, for the counter. */
  readonly model?: string;
  /** Percent of the budget for each section, and limits. Default 40 critical, 30 skills, 20 project, 10 general. */
  readonly shares?: Readonly<Partial<Record<ContextShare, number | SectionLimits>>>;
  /** Makes items smaller that do not fit. Default: JSON by its structure, other texts to their beginning and end. */
  readonly compressor?: Compressor;
  /** Constant instructions that stand before everything. They should keep the default's account of blocks. */
  readonly system?: string;
  /** Mixed into the code of data blocks, for a code that differs from call to call. Default: none, so that the same input gives the same bytes. */
  readonly nonce?: string | (() => string);
  /** Characters of left-out texts that are kept for `readBack`. Default 16 million. */
  readonly archiveLimit?: number;
}

/**
 * Puts an agent's context together: the task and what is wanted of it, results it builds on, files, skills and
 * memories, within a budget that is never exceeded. Deterministic: the same input gives the same bytes.
 *
 * @example
 * const optimizer = new Optimizer({ memory: storage });
 * const payload = await optimizer.buildContext({ task, goal, constraints: [], successCriteria: [], namespace, budget: 20_000 });
 */
export class Optimizer implements ContextAssembler {
  readonly #sources: readonly ContextSource[];
  readonly #count: (text: string) => number;
  readonly #counts: KnownCounts;
  readonly #compressors: readonly Compressor[];
  readonly #sections: Sections;
  readonly #system: string;
  readonly #nonce: () => string;
  readonly #archive: Archive;
  readonly #playbooks: PlaybookStore | undefined;
  readonly #learning: LearnOptions;
  readonly #built = new WeakMap<ContextPayload, Built>();
  #last: ContextPayload | undefined;

  /** Throws `E_INPUT` for shares that do not make sense. */
  constructor(options: OptimizerOptions = {}) {
    const { counter = { count: estimateTokenCount }, model, nonce = "" } = options;
    this.#count = (text) => counter.count(text, model).high;
    this.#counts = new KnownCounts(this.#count);
    const known = (text: string): number => this.#counts.count(text);
    this.#compressors =
      options.compressor === undefined
        ? [createJsonCompressor(known), createExcerptCompressor(known)]
        : [options.compressor];
    this.#sections = checkShares(options.shares);
    this.#system = options.system ?? SYSTEM_INSTRUCTIONS;
    this.#nonce = typeof nonce === "string" ? () => nonce : nonce;
    this.#archive = new Archive(options.archiveLimit ?? 16_000_000);
    this.#playbooks = options.playbooks;
    this.#learning = {
      ...(options.reflector === undefined ? {} : { reflector: options.reflector }),
      ...(options.curator === undefined ? {} : { curator: options.curator }),
    };
    this.#sources = [
      createPlanSource(),
      createFindingsSource(),
      createAnswersSource(),
      createResultsSource(),
      createFilesSource(),
      ...(options.skills === false ? [] : [createSkillsSource(options.skills)]),
      ...(options.playbooks === undefined ? [] : [createPlaybookSource(options.playbooks)]),
      ...(options.memory === undefined ? [] : [createMemoriesSource(options.memory)]),
      ...(options.sources ?? []),
    ];
  }

  /**
   * Asks every source at once and fills the sections. What is critical is never left out: `E_BUDGET` (with
   * `details.section`) when that alone does not fit, `E_INPUT` for a budget that is no positive whole number or a task id
   * that is none, `E_CANCELLED` when the request's signal aborts. What a source throws comes through.
   */
  async buildContext(request: ContextRequest): Promise<ContextPayload> {
    checkBudget(request.budget, "budget");
    TaskId.parse(request.task.id);
    const collected = await collectOffers(this.#sources, request);
    return this.#assemble({ collected, head: headOf(request), nonce: this.#nonce() }, request.budget);
  }

  /**
   * Makes a context, or a list of items, fit into fewer tokens: whatever leaves, in whole or in part, is kept first and
   * can be read back by its id. Without arguments: the context built last, to half its tokens. Never touches the
   * critical section: `E_BUDGET` when that alone does not fit. `E_INPUT` for a payload of another optimizer.
   */
  async compressContext(payload?: ContextPayload, tokens?: number): Promise<ContextPayload>;
  async compressContext(items: readonly ContextItem[], tokens: number): Promise<CompressedItems>;
  async compressContext(
    what: ContextPayload | readonly ContextItem[] | undefined = this.#last,
    tokens?: number,
  ): Promise<ContextPayload | CompressedItems> {
    if (what === undefined)
      throw new MnemosyneError("E_INPUT", "There is no context to compress yet; build one first.", {
        kind: "input",
        path: "payload",
      });
    if (isItems(what)) {
      checkBudget(tokens ?? 0, "tokens");
      return compressItems(what, tokens ?? 0, this.#count, this.#compressors, this.#archive);
    }
    const built = this.#built.get(what);
    if (built === undefined)
      throw new MnemosyneError(
        "E_INPUT",
        "This payload was not built by this optimizer, so its items are not known; give the items instead.",
        { kind: "input", path: "payload" },
      );
    const budget = tokens ?? Math.max(1, Math.floor(what.tokens / 2));
    checkBudget(budget, "tokens");
    if (what.tokens <= budget) return what;
    return this.#assemble(built, budget);
  }

  /** The whole text of an item that was left out or made smaller; `undefined` when it was not, or is no longer kept. */
  async readBack(id: string): Promise<string | undefined> {
    return this.#archive.get(id);
  }

  /**
   * Puts what a finished task taught into its namespace's playbook: what a gate blocked and a later attempt passed becomes an
   * item, items that stood in the context are counted. `undefined` where it taught nothing or no playbooks were given. Learning the
   * same outcome again changes nothing.
   */
  async learn(
    outcome: TaskOutcome,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<PlaybookApplied | undefined> {
    if (this.#playbooks === undefined) return undefined;
    return learn(this.#playbooks, outcome, { ...this.#learning, ...options });
  }

  #assemble(built: Built, budget: number): ContextPayload {
    this.#counts.refresh();
    const assembly = new Assembly({
      ...built,
      budget,
      system: this.#system,
      sections: this.#sections,
      count: this.#count,
      counts: this.#counts,
      compressors: this.#compressors,
      archive: this.#archive,
    });
    const payload = assembly.payload();
    this.#built.set(payload, built);
    this.#last = payload;
    return payload;
  }
}

interface Built {
  readonly collected: Collected;
  readonly head: { readonly task: string; readonly attempt: number };
  readonly nonce: string;
}

function isItems(what: ContextPayload | readonly ContextItem[]): what is readonly ContextItem[] {
  return Array.isArray(what);
}

function checkBudget(budget: number, path: string): void {
  if (Number.isSafeInteger(budget) && budget > 0) return;
  throw new MnemosyneError("E_INPUT", `${path} is ${budget}; give a whole number of tokens above 0.`, {
    kind: "input",
    path,
  });
}

function checkShares(shares: OptimizerOptions["shares"] = {}): Sections {
  const given = (share: ContextShare): SectionLimits => {
    const value = shares[share];
    return value === undefined
      ? DEFAULT_SECTIONS[share]
      : typeof value === "number"
        ? { share: value }
        : value;
  };
  const sections: Sections = {
    critical: given("critical"),
    skills: given("skills"),
    project: given("project"),
    general: given("general"),
  };
  const all = Object.entries(sections);
  for (const [name, { share, min = 0, max = 100 }] of all)
    if (!(share >= 0 && min >= 0 && min <= max && max <= 100))
      throw new MnemosyneError(
        "E_INPUT",
        `The limits of '${name}' must be percents: share from 0, and 0 <= min <= max <= 100.`,
        { kind: "input", path: `shares.${name}` },
      );
  const sum = all.reduce((total, [, { share }]) => total + share, 0);
  if (sum <= 100 + 1e-9) return sections;
  throw new MnemosyneError("E_INPUT", `The shares come to ${sum} %; they can be at most 100 %.`, {
    kind: "input",
    path: "shares",
  });
}
