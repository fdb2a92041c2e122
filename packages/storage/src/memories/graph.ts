import {
  MnemosyneError,
  Namespace,
  type GraphNode,
  type GraphOptions,
  type MemoryGraph,
  type MemoryId,
} from "@mnemosyne/core";
import { row, rows, type Work } from "../database/work.ts";
import { checkInteger, checkLimit } from "../input.ts";
import { checkId, checkNamespace } from "./check-memory.ts";
import { getManyVisible, linksAmong, linksFrom, newestLinked, startOf } from "./link-statements.ts";
import { linkOf } from "./links.ts";
import { memoryOf, type Writable } from "./memory-row.ts";

/** A graph whose options were checked. */
export interface GraphQuery {
  readonly start: MemoryId | undefined;
  readonly depth: number;
  readonly namespace: Namespace | undefined;
  readonly limit: number;
  readonly now: number;
}

/** One memory leads to at most so many others: of a hub, the strongest links are followed. */
const WIDEST = 5000;

/** Checks the options. Throws `E_INPUT`. */
export function checkGraph(id: string | undefined, options: GraphOptions, now: number): GraphQuery {
  return {
    start: id === undefined ? undefined : checkId(id),
    depth: options.depth === undefined ? 2 : checkInteger(options.depth, "depth", 0, 10),
    namespace: options.namespace === undefined ? undefined : checkNamespace(options.namespace),
    limit: checkLimit(options.limit, 100),
    now,
  };
}

/** Follows links breadth first, so that each memory is met at its true hop. */
export function* walk(query: GraphQuery): Work<MemoryGraph> {
  const { start, depth, limit, now } = query;
  const reached = new Map<string, { readonly hop: number; strength: number }>();
  let truncated = false;
  if (start === undefined) {
    const namespaces = JSON.stringify(Namespace.visible(query.namespace ?? Namespace.global()));
    const newest = yield* rows(newestLinked, { namespaces, now, limit: limit + 1 });
    truncated = newest.length > limit;
    for (const [uuid] of newest.slice(0, limit)) reached.set(String(uuid), { hop: 0, strength: 1 });
  } else {
    const namespaces = JSON.stringify(Namespace.visible(yield* namespaceOf(query, start)));
    reached.set(start, { hop: 0, strength: 1 });
    let level: readonly string[] = [start];
    for (let hop = 1; hop <= depth && level.length > 0; hop++) {
      const found = yield* rows(linksFrom, {
        ids: JSON.stringify(level),
        namespaces,
        now,
        limit: WIDEST,
      });
      truncated ||= found.length === WIDEST;
      const next = new Map<string, number>();
      for (const [near, other, strength] of found) {
        if (reached.has(String(other))) continue;
        const along = (reached.get(String(near))?.strength ?? 0) * Number(strength);
        next.set(String(other), Math.max(next.get(String(other)) ?? 0, along));
      }
      const strongest = [...next].toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
      const kept = strongest.slice(0, limit - reached.size);
      truncated ||= kept.length < strongest.length;
      for (const [uuid, strength] of kept) reached.set(uuid, { hop, strength });
      level = kept.map(([uuid]) => uuid);
    }
  }
  const ids = JSON.stringify([...reached.keys()]);
  const nodes: GraphNode[] = [];
  for (const cells of yield* rows(getManyVisible, { ids, now })) {
    const node = memoryOf(cells) as Writable<GraphNode>;
    const { hop, strength } = reached.get(node.id) ?? { hop: 0, strength: 1 };
    node.hop = hop;
    node.strength = strength;
    nodes.push(node);
  }
  nodes.sort((a, b) => a.hop - b.hop || b.strength - a.strength || (a.id < b.id ? -1 : 1));
  const links = nodes.length < 2 ? [] : (yield* rows(linksAmong, { ids })).map(linkOf);
  return { nodes, links, truncated };
}

function* namespaceOf(query: GraphQuery, start: MemoryId): Work<Namespace> {
  const own = (yield* row(startOf, { uuid: start, now: query.now }))?.[0] as Namespace | undefined;
  const namespace = query.namespace ?? own;
  if (own !== undefined && namespace !== undefined && Namespace.visible(namespace).includes(own))
    return namespace;
  throw new MnemosyneError(
    "E_MEMORY_NOT_FOUND",
    own === undefined || namespace === undefined
      ? `There is no memory ${start}.`
      : `Namespace ${namespace} does not see memory ${start}.`,
    { kind: "notFound", path: "id" },
  );
}
