import type { ContextRequest, ContextSource, SkillSource } from "@mnemosyne/core";
import type { ContextOffer } from "../assembly/offer.ts";
import { createSkillSource, projectSkillRoots } from "../skills/discover.ts";
import { SKILL_LIMIT, SKILL_THRESHOLD, rankSkills } from "../skills/relevance.ts";
import { queryOf } from "./memories-source.ts";

/** The skills that fit the task: given ones, or else those of the request's workspace. */
export function createSkillsSource(given?: SkillSource): ContextSource {
  return {
    name: "skills",
    share: "skills",
    async collect(request) {
      const skills = given ?? ofWorkspace(request);
      if (skills === undefined) return [];
      const scores = rankSkills(queryOf(request), await skills.list());
      return Promise.all(
        scores.map(async ({ skill, score, matches }, index): Promise<ContextOffer> => {
          const leaveOut =
            score < SKILL_THRESHOLD
              ? `relevance ${score.toFixed(2)} is below ${SKILL_THRESHOLD.toFixed(2)}`
              : index >= SKILL_LIMIT
                ? `${SKILL_LIMIT} skills with a higher relevance were offered`
                : undefined;
          return {
            id: `skill:${skill.name}`,
            source: "skills",
            kind: "skill",
            relevance: score,
            data: false,
            text: leaveOut === undefined ? await skills.read(skill) : skill.description,
            attributes: {
              scope: skill.scope,
              relevance: score.toFixed(2),
              because: matches
                .slice(0, 5)
                .map(({ term }) => term)
                .join(" "),
            },
            ...(leaveOut === undefined ? {} : { leaveOut }),
          };
        }),
      );
    },
  };
}

function ofWorkspace({ workspace }: ContextRequest): SkillSource | undefined {
  return workspace === undefined
    ? undefined
    : createSkillSource({ roots: projectSkillRoots(workspace.root) });
}
