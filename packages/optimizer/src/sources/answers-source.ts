import type { ContextSource } from "@mnemosyne/core";
import type { ContextOffer } from "../assembly/offer.ts";

/** What people answered to the task's questions. The question, which an agent wrote, stands in the delimiter. */
export function createAnswersSource(): ContextSource {
  return {
    name: "answers",
    share: "critical",
    async collect({ answers = [] }) {
      return answers.map(({ question, text }, index): ContextOffer => ({
        id: `answer:${index + 1}`,
        source: "answers",
        kind: "answer",
        relevance: 1,
        data: false,
        text,
        attributes: { question },
      }));
    },
  };
}
