import type { ContextSection, ModelInfo, TokenCount } from "@mnemosyne/core";

/** What can be done about a context that fills up: complete enough to be carried out by a program. `saves` is in tokens. */
export type Recommendation = { readonly agent: string; readonly reason: string; readonly saves: number } & (
  | { readonly action: "compactNow"; readonly target: number }
  | { readonly action: "dropSection"; readonly section: string }
  | { readonly action: "splitTask"; readonly task: string; readonly parts: number }
  | { readonly action: "switchModel"; readonly model: string; readonly window: number }
);

/** What recommendations are made from. */
export interface RecommendationInput {
  readonly agent: string;
  readonly task?: string;
  readonly model?: string;
  readonly tokens: TokenCount;
  readonly window: number;
  /** What the context was assembled from, if known. */
  readonly sections?: readonly Pick<ContextSection, "name" | "share" | "tokens">[];
  /** Models that could be used instead. */
  readonly models?: readonly ModelInfo[];
}

/** Compacting aims at this share: the upper end of `safe`. */
const TARGET = 0.5;
/** From this share on something should be done. */
const ACT = 0.75;
/** The order in which sections are given up. Critical never. */
const GIVEN_UP: readonly ContextSection["share"][] = ["general", "skills", "project"];

/**
 * What to do about a context, the least costly first: drop a section that is not critical and large enough, compact,
 * split the task when its critical part alone is too much, or change to a model whose prices do not step up here or
 * whose window is larger. Empty while the context is below 75 % of its window and of its model's price cliff.
 */
export function recommend(input: RecommendationInput): readonly Recommendation[] {
  const { agent, task, tokens, window, sections = [] } = input;
  const current = input.models?.find((model) => model.model === input.model);
  const above = current?.prices?.above;
  const full = tokens.high / window >= ACT;
  const cliff = above !== undefined && tokens.high >= above.tokens * 0.9;
  if (!full && !cliff) return [];

  const target = Math.floor(cliff ? Math.min(above.tokens * 0.85, window * TARGET) : window * TARGET);
  const excess = Math.max(0, Math.ceil(tokens.high - target));
  const reason = cliff
    ? `From ${above.tokens} prompt tokens on '${input.model}' costs ${ratio(above.input, current?.prices?.input)} times as much.`
    : `${percent(tokens.high / window)} of the window of ${window} tokens.`;
  const found: Recommendation[] = [];

  const spare = GIVEN_UP.map((share) =>
    sections.find((section) => section.share === share && section.tokens >= excess),
  ).find((section) => section !== undefined);
  if (spare !== undefined)
    found.push({ action: "dropSection", agent, section: spare.name, saves: spare.tokens, reason });

  const critical = sections
    .filter((section) => section.share === "critical")
    .reduce((sum, section) => sum + section.tokens, 0);
  if (critical <= target) found.push({ action: "compactNow", agent, target, saves: excess, reason });
  if (critical > target && task !== undefined) {
    const parts = Math.ceil(critical / Math.max(1, target));
    found.push({
      action: "splitTask",
      agent,
      task,
      parts,
      saves: critical - Math.ceil(critical / parts),
      reason: `Its critical section alone has ${critical} tokens, more than the ${target} aimed at.`,
    });
  }

  const roomier = roomierModel(input, current);
  if (full && roomier !== undefined)
    found.push({
      action: "switchModel",
      agent,
      model: roomier.model,
      window: roomier.contextTokens,
      saves: 0,
      reason,
    });
  return found;
}

function roomierModel(input: RecommendationInput, current: ModelInfo | undefined): ModelInfo | undefined {
  return input.models
    ?.filter((model) => model !== current && tokensFit(input.tokens, model))
    .toSorted(
      (a, b) => (a.prices?.input ?? Infinity) - (b.prices?.input ?? Infinity) || (a.model < b.model ? -1 : 1),
    )[0];
}

function tokensFit(tokens: TokenCount, model: ModelInfo): boolean {
  return tokens.high <= model.contextTokens * TARGET;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function ratio(above: number, below: number | undefined): string {
  return below === undefined || below === 0 ? "several" : String(Math.round((above / below) * 10) / 10);
}
