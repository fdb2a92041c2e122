import type { ContextSource } from "@mnemosyne/core";
import type { ContextOffer } from "../assembly/offer.ts";

/** The goal, constraints, success criteria and the task itself: what the people in charge want. Never left out. */
export function createPlanSource(): ContextSource {
  return {
    name: "plan",
    share: "critical",
    async collect({ goal, constraints, successCriteria, task }) {
      const offers: ContextOffer[] = [];
      const add = (kind: "goal" | "constraints" | "criteria" | "task", id: string, text: string): void => {
        if (text !== "") offers.push({ id, source: "plan", text, relevance: 1, data: false, kind });
      };
      add("goal", "plan:goal", goal);
      add("constraints", "plan:constraints", list(constraints));
      add("criteria", "plan:criteria", list(successCriteria));
      add("task", `task:${task.id}`, task.instructions);
      return offers;
    },
  };
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join("\n");
}
