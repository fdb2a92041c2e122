import type { Skill } from "@mnemosyne/core";
import { termSetOf } from "../relevance.ts";

/** Where a skill says a word: in its name, where it says when to use it, or elsewhere in its description. */
export type SkillPlace = "name" | "trigger" | "description";

/** How near a skill is to a task, and by which words. */
export interface SkillScore {
  readonly skill: Skill;
  /** 0 to 1. */
  readonly score: number;
  /** Stems that task and skill share, strongest first, with what each adds. */
  readonly matches: readonly {
    readonly term: string;
    readonly in: SkillPlace;
    readonly weight: number;
  }[];
}

/** Least relevance of a skill that is loaded. */
export const SKILL_THRESHOLD = 0.6;
/** Most skills that are loaded. */
export const SKILL_LIMIT = 7;

const PROJECT_BONUS = 1.1;
/** A name of one word says it all; of several words each says a part. */
const WHOLE_NAME = 1.2;
const NAME = 0.7;
const TRIGGER = 0.55;
const DESCRIPTION = 0.4;
/** Where a description has no such sentence, all of it is one. */
const ONLY_DESCRIPTION = 0.47;
/** What a word of the name adds where the description says it again: as a trigger, or elsewhere. */
const NAME_AND_TRIGGER = 0.35;
const NAME_AND_DESCRIPTION = 0.1;
/** A word that the description excludes. */
const EXCLUDED = -0.5;
/** Words that nearly every skill and task for software has say little about which belong together. */
const COMMON = 0.1;
const COMMON_TERMS = termSetOf(
  "add app application avoid big build change check code create data developer development draw each end existing feature file files fix follow " +
    "format function generate good guide handle help helps implement improve issue library list make manage model module new number order page " +
    "package problem process project provide read request run search service set setup show small skill software start step support system task " +
    "time tool two update user value version way work write explain find name three four give take turn put first last own",
);
/** How much a word loses that other skills say too, for each doubling of their number. */
const SHARED = 0.35;
/** What is left of a word for a skill after a nearer one has accounted for it. */
const ACCOUNTED = 0.4;

const TRIGGER_SENTENCE =
  /^\s*(?:use (?:this |it )?(?:skill )?(?:when|whenever|for|before|after|if|to|on|with)\b|trigger|applies (?:to|when)\b|when(?:ever)? )/iu;
const EXCLUDING_SENTENCE = /^\s*(?:not (?:for|when|meant)\b|(?:do not|don't|never) use\b)/iu;

/** The words of a skill by where it says them. */
interface SkillTerms {
  readonly skill: Skill;
  readonly name: ReadonlySet<string>;
  readonly trigger: ReadonlySet<string>;
  readonly description: ReadonlySet<string>;
  readonly excluded: ReadonlySet<string>;
}

/**
 * How near a skill is to a task, from 0 to 1. Every shared word adds its weight w (in the name most, in a sentence such as "Use
 * when ..." next, elsewhere in the description least; common words a tenth; words after "Not for" take away), and the score is
 * 1 - e^-w: a name of one word passes 0.60, else two words or more are needed. A skill that the task names in full has 1. A
 * project's own skill gets a tenth more. Among others use {@link rankSkills}.
 */
export function scoreSkill(task: string, skill: Skill): SkillScore {
  return score(task, termSetOf(task), termsOf(skill), () => 1);
}

/** The skills to load for a task, best first: at most 7, each with at least 0.60. Often none. */
export function selectSkills(task: string, skills: readonly Skill[]): readonly SkillScore[] {
  return rankSkills(task, skills)
    .filter(({ score: found }) => found >= SKILL_THRESHOLD)
    .slice(0, SKILL_LIMIT);
}

/**
 * All skills with their scores, best first, equals by name. As {@link scoreSkill}, and: a word that many skills say counts less,
 * and what a nearer skill that passes has accounted for counts less for the others, so that neighbours of the right skill do
 * not come along.
 */
export function rankSkills(task: string, skills: readonly Skill[]): readonly SkillScore[] {
  const wanted = termSetOf(task);
  const known = skills.map(termsOf);
  const counts = new Map<string, number>();
  for (const { name, trigger, description } of known)
    for (const term of new Set([...name, ...trigger, ...description]))
      if (wanted.has(term)) counts.set(term, (counts.get(term) ?? 0) + 1);
  const shared = (term: string): number => 1 / (1 + SHARED * Math.log2(Math.max(1, counts.get(term) ?? 1)));
  const alone = known
    .map((terms) => ({ terms, found: score(task, wanted, terms, shared) }))
    .toSorted((a, b) => byScore(a.found, b.found));
  const accounted = new Set<string>();
  const ranked = alone.map(({ terms, found }) => {
    const settled = score(
      task,
      wanted,
      terms,
      (term) => shared(term) * (accounted.has(term) ? ACCOUNTED : 1),
    );
    if (settled.score >= SKILL_THRESHOLD) for (const { term } of found.matches) accounted.add(term);
    return settled;
  });
  return ranked.toSorted(byScore);
}

function byScore(a: SkillScore, b: SkillScore): number {
  return b.score - a.score || (a.skill.name < b.skill.name ? -1 : 1);
}

function score(
  task: string,
  wanted: ReadonlySet<string>,
  terms: SkillTerms,
  factor: (term: string) => number,
): SkillScore {
  const { skill, excluded } = terms;
  const matches = [...wanted]
    .flatMap((term) => {
      const place = placeOf(term, terms);
      if (place === undefined)
        return excluded.has(term) ? [{ term, in: "description", weight: EXCLUDED } as const] : [];
      return [
        { term, ...place, weight: place.weight * (COMMON_TERMS.has(term) ? COMMON : 1) * factor(term) },
      ];
    })
    .toSorted((a, b) => b.weight - a.weight || (a.term < b.term ? -1 : 1));
  const weight = matches.reduce((sum, match) => sum + match.weight, 0);
  const named = ` ${task.toLowerCase().replace(/[^\p{L}\p{N}-]+/gu, " ")} `.includes(
    ` ${skill.name.toLowerCase()} `,
  );
  const found = named && skill.name.includes("-") ? 1 : 1 - Math.exp(-Math.max(0, weight));
  return { skill, score: Math.min(1, found * (skill.scope === "project" ? PROJECT_BONUS : 1)), matches };
}

function placeOf(
  term: string,
  { name, trigger, description }: SkillTerms,
): { readonly in: SkillPlace; readonly weight: number } | undefined {
  if (name.has(term)) {
    const base = name.size === 1 ? WHOLE_NAME : NAME;
    const again = trigger.has(term) ? NAME_AND_TRIGGER : description.has(term) ? NAME_AND_DESCRIPTION : 0;
    return { in: "name", weight: base + again };
  }
  if (trigger.has(term)) return { in: "trigger", weight: TRIGGER };
  if (!description.has(term)) return undefined;
  return { in: "description", weight: trigger.size === 0 ? ONLY_DESCRIPTION : DESCRIPTION };
}

function termsOf(skill: Skill): SkillTerms {
  const parts = { trigger: "", description: "", excluded: "" };
  for (const sentence of skill.description.split(/(?<=[.;!?])\s+|\n+/u)) {
    const part = EXCLUDING_SENTENCE.test(sentence)
      ? "excluded"
      : TRIGGER_SENTENCE.test(sentence)
        ? "trigger"
        : "description";
    parts[part] += `${sentence}\n`;
  }
  return {
    skill,
    name: termSetOf(skill.name),
    trigger: termSetOf(parts.trigger),
    description: termSetOf(parts.description),
    excluded: termSetOf(parts.excluded),
  };
}
