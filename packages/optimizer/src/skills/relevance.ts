import type { Skill } from "@mnemosyne/core";
import { termSetOf } from "../relevance.ts";

/** How near a skill is to a task, and by which words. */
export interface SkillScore {
  readonly skill: Skill;
  /** 0 to 1. */
  readonly score: number;
  /** Stems that task and skill share, strongest first, with what each adds. */
  readonly matches: readonly {
    readonly term: string;
    readonly in: "name" | "description";
    readonly weight: number;
  }[];
}

/** Least relevance of a skill that is loaded. */
export const SKILL_THRESHOLD = 0.6;
/** Most skills that are loaded. */
export const SKILL_LIMIT = 7;

const PROJECT_BONUS = 1.1;
const NAME = 1;
const DESCRIPTION = 0.5;
/** Words that nearly every skill and task for software has say little about which belong together. */
const COMMON = 0.1;
const COMMON_TERMS = termSetOf(
  "add app application build change check code create data developer development existing feature file files fix follow format function " +
    "guide handle help helps implement improve issue library manage module new package problem process project provide request run " +
    "set setup skill software step support system task tool update user work write writing read existing generate",
);

/**
 * How near a skill is to a task, from 0 to 1: every shared word adds its weight w (name 1, description 0.5, common
 * words a tenth of it), and the score is 1 - e^-w: two words of the description, or one of the name, pass 0.60.
 * A skill that the task names in full has 1. A project's own skill gets a tenth more.
 */
export function scoreSkill(task: string, skill: Skill): SkillScore {
  const wanted = termSetOf(task);
  const inName = termSetOf(skill.name);
  const inDescription = termSetOf(skill.description);
  const matches = [...wanted]
    .flatMap((term) => {
      const place = inName.has(term) ? "name" : inDescription.has(term) ? "description" : undefined;
      if (place === undefined) return [];
      const base = place === "name" ? NAME : DESCRIPTION;
      return [{ term, in: place, weight: COMMON_TERMS.has(term) ? base * COMMON : base } as const];
    })
    .toSorted((a, b) => b.weight - a.weight || (a.term < b.term ? -1 : 1));
  const weight = matches.reduce((sum, match) => sum + match.weight, 0);
  const named = ` ${task.toLowerCase().replace(/[^\p{L}\p{N}-]+/gu, " ")} `.includes(
    ` ${skill.name.toLowerCase()} `,
  );
  const score = named && skill.name.includes("-") ? 1 : 1 - Math.exp(-weight);
  return { skill, score: Math.min(1, score * (skill.scope === "project" ? PROJECT_BONUS : 1)), matches };
}

/** The skills to load for a task, best first: at most 7, each with at least 0.60. Often none. */
export function selectSkills(task: string, skills: readonly Skill[]): readonly SkillScore[] {
  return rankSkills(task, skills)
    .filter(({ score }) => score >= SKILL_THRESHOLD)
    .slice(0, SKILL_LIMIT);
}

/** All skills with their scores, best first, equals by name. */
export function rankSkills(task: string, skills: readonly Skill[]): readonly SkillScore[] {
  return skills
    .map((skill) => scoreSkill(task, skill))
    .toSorted((a, b) => b.score - a.score || (a.skill.name < b.skill.name ? -1 : 1));
}
