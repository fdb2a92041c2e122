import type { PlanFinding } from "@mnemosyne/core";
import { covers, globPrefix, type GlobPrefix } from "./globs.ts";
import type { Graph } from "./graph.ts";
import { areOrdered, type ReachabilityQuery } from "./reachability.ts";
import type { ReferringTask } from "./references.ts";

/** One glob of one task. */
interface Entry extends GlobPrefix {
  readonly task: number;
  readonly glob: string;
}

interface Pair extends ReachabilityQuery {
  readonly earlierGlob: string;
  readonly laterGlob: string;
}

/**
 * Tasks that may change the same file although neither waits for the other. Tasks that share a place must stand in
 * one line, so only neighbours in the plan's order are compared, never every task with every other.
 */
export function checkOverlaps(
  tasks: readonly ReferringTask[],
  graph: Graph,
  order: readonly number[],
): PlanFinding[] {
  const position = new Int32Array(graph.size);
  for (const [place, index] of order.entries()) position[index] = place;
  const pairs = overlappingNeighbours(entriesOf(tasks), position);
  const ordered = areOrdered(graph, order, pairs);
  const reported = new Set<string>();
  const findings: PlanFinding[] = [];
  for (const [number, pair] of pairs.entries()) {
    const name = `${pair.earlier} ${pair.later}`;
    if (ordered[number] === true || reported.has(name)) continue;
    reported.add(name);
    const [earlier, later] = [graph.ids[pair.earlier], graph.ids[pair.later]];
    findings.push({
      severity: "error",
      rule: "overlappingWrites",
      path: `tasks[${pair.later}].writes`,
      message: `Tasks '${earlier}' and '${later}' may change the same files ('${pair.earlierGlob}' and '${pair.laterGlob}') and neither waits for the other.`,
      fix: `Let '${later}' depend on '${earlier}', or narrow their 'writes'.`,
    });
  }
  return findings;
}

function entriesOf(tasks: readonly ReferringTask[]): Entry[] {
  const entries: Entry[] = [];
  for (const [task, { writes }] of tasks.entries())
    for (const glob of writes ?? []) entries.push({ ...globPrefix(glob), task, glob });
  return entries;
}

/** Entries of the same prefix and kind, in the plan's order. */
interface Place extends GlobPrefix {
  readonly entries: Entry[];
}

/**
 * Sorted by prefix, whatever a place covers follows it directly, so a stack of open places finds all pairs of places
 * that overlap. Within and between two such places each entry is compared with its neighbours in the order.
 */
function overlappingNeighbours(entries: Entry[], position: Int32Array): Pair[] {
  const sorted = entries.toSorted(
    (a, b) =>
      compareText(a.prefix, b.prefix) ||
      Number(a.literal) - Number(b.literal) ||
      (position[a.task] ?? 0) - (position[b.task] ?? 0),
  );
  const pairs: Pair[] = [];
  const open: Place[] = [];
  for (let from = 0; from < sorted.length;) {
    const first = sorted[from] as Entry;
    let to = from + 1;
    while (sorted[to]?.prefix === first.prefix && sorted[to]?.literal === first.literal) to += 1;
    const place: Place = {
      prefix: first.prefix,
      literal: first.literal,
      entries: sorted.slice(from, to),
    };
    while (open.length > 0 && !first.prefix.startsWith(open.at(-1)?.prefix ?? "")) open.pop();
    for (let index = 1; index < place.entries.length; index++)
      addPair(pairs, place.entries[index - 1] as Entry, place.entries[index] as Entry, position);
    for (const outer of open)
      if (covers(outer, place) || covers(place, outer))
        for (const entry of place.entries) addNeighbours(pairs, outer.entries, entry, position);
    open.push(place);
    from = to;
  }
  return pairs;
}

/** Compares an entry with those that stand directly before and after it in a line. */
function addNeighbours(pairs: Pair[], line: readonly Entry[], entry: Entry, position: Int32Array): void {
  const place = position[entry.task] ?? 0;
  let low = 0;
  let high = line.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((position[line[middle]?.task ?? 0] ?? 0) < place) low = middle + 1;
    else high = middle;
  }
  const before = line[low - 1];
  if (before !== undefined) addPair(pairs, before, entry, position);
  while (line[low]?.task === entry.task) low += 1;
  const after = line[low];
  if (after !== undefined) addPair(pairs, entry, after, position);
}

function addPair(pairs: Pair[], a: Entry, b: Entry, position: Int32Array): void {
  if (a.task === b.task) return;
  const [first, second] = (position[a.task] ?? 0) < (position[b.task] ?? 0) ? [a, b] : [b, a];
  pairs.push({ earlier: first.task, later: second.task, earlierGlob: first.glob, laterGlob: second.glob });
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
