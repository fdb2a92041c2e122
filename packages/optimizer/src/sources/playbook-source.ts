import { Namespace, type ContextSource, type PlaybookStore } from "@mnemosyne/core";
import type { ContextOffer } from "../assembly/offer.ts";
import { worthOf } from "../playbook/worth.ts";
import { coverageOf, termSetOf, termWeights } from "../relevance.ts";
import { queryOf } from "./memories-source.ts";

/** Most items that are offered. */
const MOST = 50;

/**
 * The strategies of the request's playbook and of those above it (a session's project, global), nearest to the task first,
 * proven ones before untried ones. Items that harmed more than they helped are not offered.
 */
export function createPlaybookSource(playbooks: Pick<PlaybookStore, "read">): ContextSource {
  return {
    name: "playbook",
    share: "skills",
    async collect(request) {
      const found = await Promise.all(
        Namespace.visible(Namespace.parse(request.namespace)).map(async (namespace) => ({
          namespace,
          ...(await playbooks.read(namespace)),
        })),
      );
      const items = found.flatMap(({ namespace, items: own }) => own.map((item) => ({ namespace, item })));
      const known = new Map<string, readonly string[]>();
      const terms = items.map(({ item }) => termSetOf(`${item.section} ${item.content}`, known));
      const weight = termWeights(terms);
      const query = termSetOf(queryOf(request), known);
      const nearness = coverageOf(query, weight);
      return items
        .map(({ namespace, item }, index): ContextOffer => {
          const near = nearness(terms[index] ?? new Set());
          return {
            id: `playbook:${namespace === request.namespace ? "" : `${namespace}:`}${item.id}`,
            source: "playbook",
            kind: "playbook",
            relevance: Math.min(1, 0.7 * near + 0.2 * worthOf(item) + (item.verified ? 0.1 : 0)),
            text: item.content,
            attributes: {
              section: item.section,
              trust: item.verified ? "verified" : "claimed",
              helpful: String(item.helpful),
              harmful: String(item.harmful),
            },
            ...(item.harmful > item.helpful ? { leaveOut: "it harmed more often than it helped" } : {}),
          };
        })
        .toSorted((a, b) => b.relevance - a.relevance)
        .slice(0, MOST);
    },
  };
}
