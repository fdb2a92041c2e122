import type { ContextRequest, ContextSource, Skill, SkillSource } from "@mnemosyne/core";
import type { ContextOffer } from "../assembly/offer.ts";
import { projectSkillRoots } from "../skills/discover.ts";
import { SKILL_LIMIT, SKILL_THRESHOLD, rankSkills, type SkillScore } from "../skills/relevance.ts";
import { createSkillSource } from "../skills/skill-catalog.ts";
import { queryOf } from "./memories-source.ts";

/** From this relevance on a skill that is not loaded is at least named. */
const NAMED_FROM = 0.35;
const MOST_NAMED = 20;
/** Workspaces whose skills are remembered. */
const REMEMBERED = 16;

/**
 * Skills for the task, in three tiers: the bodies of those that fit (at most 7, from 0.60 on), with the paths of the files that come
 * with them; name and description of those that come near; nothing of the others. Given skills, or else those of the
 * request's workspace: as anybody may have written those, they are shown as information, not as advice.
 */
export function createSkillsSource(given?: SkillSource): ContextSource {
  const ofWorkspace = workspaceSkills();
  return {
    name: "skills",
    share: "skills",
    async collect(request) {
      const skills = given ?? ofWorkspace(request);
      if (skills === undefined) return [];
      const scores = rankSkills(queryOf(request), await skills.list());
      const loaded = scores.filter(({ score }, index) => score >= SKILL_THRESHOLD && index < SKILL_LIMIT);
      const rest = scores.filter((each) => !loaded.includes(each));
      const named = rest.filter(({ score }) => score >= NAMED_FROM).slice(0, MOST_NAMED);
      return [
        ...(await Promise.all(loaded.map((each) => offerBody(skills, each)))),
        ...(named.length === 0 ? [] : [catalogOf(named)]),
        ...rest.map(leftOut),
      ];
    },
  };
}

async function offerBody(skills: SkillSource, scored: SkillScore): Promise<ContextOffer> {
  const { skill } = scored;
  const resources = (await skills.resources?.(skill)) ?? [];
  const offer = { ...baseOf(scored), text: await skills.read(skill) };
  return {
    ...offer,
    attributes: {
      ...offer.attributes,
      ...(resources.length === 0 ? {} : { files: resources.join(" ") }),
    },
  };
}

/** The first tier: what else there is. Descriptions are anybody's words, so it is data. */
function catalogOf(named: readonly SkillScore[]): ContextOffer {
  return {
    id: "skills:catalog",
    source: "skills",
    kind: "data",
    relevance: 0.05,
    text: named.map(({ skill }) => `${skill.name}: ${skill.description.replaceAll(/\s+/gu, " ")}`).join("\n"),
    attributes: { of: "skills that come near but were not loaded" },
  };
}

function leftOut(scored: SkillScore): ContextOffer {
  const { skill, score } = scored;
  const reason =
    score < SKILL_THRESHOLD
      ? `relevance ${score.toFixed(2)} is below ${SKILL_THRESHOLD.toFixed(2)}`
      : `${SKILL_LIMIT} skills with a higher relevance were offered`;
  return { ...baseOf(scored), text: skill.description, leaveOut: reason };
}

function baseOf({ skill, score, matches }: SkillScore): Omit<ContextOffer, "text"> {
  return {
    id: `skill:${skill.name}`,
    source: "skills",
    relevance: score,
    ...standing(skill),
    attributes: {
      ...(skill.trusted === false ? { name: skill.name, trust: "claimed" } : {}),
      scope: skill.scope,
      relevance: score.toFixed(2),
      because: matches
        .filter(({ weight }) => weight > 0)
        .slice(0, 5)
        .map(({ term }) => term)
        .join(" "),
    },
  };
}

function standing({ trusted = true }: Skill): Pick<ContextOffer, "kind" | "data"> {
  return trusted ? { kind: "skill", data: false } : { kind: "data", data: true };
}

function workspaceSkills(): (request: ContextRequest) => SkillSource | undefined {
  const catalogs = new Map<string, SkillSource>();
  return ({ workspace }) => {
    if (workspace === undefined) return undefined;
    let catalog = catalogs.get(workspace.root);
    if (catalog === undefined)
      catalog = createSkillSource({ roots: projectSkillRoots(workspace.root), trust: "none", maxAge: 0 });
    else catalogs.delete(workspace.root);
    catalogs.set(workspace.root, catalog);
    const [oldest] = catalogs.keys();
    if (catalogs.size > REMEMBERED && oldest !== undefined) catalogs.delete(oldest);
    return catalog;
  };
}
