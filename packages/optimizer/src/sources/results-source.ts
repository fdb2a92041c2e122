import type { ContextSource } from "@mnemosyne/core";
import type { ContextOffer } from "../assembly/offer.ts";
import { formatJson } from "../compress/json.ts";

/** The outputs of the tasks that this one depends on. */
export function createResultsSource(): ContextSource {
  return {
    name: "results",
    share: "project",
    async collect({ inputs = {} }) {
      return Object.entries(inputs).map(([task, output]): ContextOffer => ({
        id: `result:${task}`,
        source: "results",
        kind: "result",
        relevance: 1,
        text: typeof output === "string" ? output : formatJson(output),
        attributes: { task },
      }));
    },
  };
}
