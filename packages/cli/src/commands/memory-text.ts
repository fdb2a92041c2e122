import type { Memory, MemoryStats, SearchHit } from "@mnemosyne/core";

/** One memory for people. */
export function memoryText(memory: Memory): string {
  const { id, namespace, type, importance, confidence, trust, version, createdAt } = memory;
  const facts: [string, string][] = [
    ["id", id],
    ["namespace", namespace],
    ["type", type],
    ["importance", String(importance)],
    ["confidence", String(confidence)],
    ["trust", trust],
    ["version", String(version)],
    ["created", createdAt.toISOString()],
  ];
  if (memory.summary !== "") facts.push(["summary", memory.summary]);
  if (memory.tags.length > 0) facts.push(["tags", memory.tags.join(", ")]);
  if (memory.keywords.length > 0) facts.push(["keywords", memory.keywords.join(", ")]);
  if (memory.context !== "") facts.push(["context", memory.context]);
  if (memory.thread !== undefined) facts.push(["thread", memory.thread]);
  if (memory.actor !== undefined) facts.push(["actor", memory.actor]);
  const { run, task } = memory.provenance;
  if (run !== undefined) facts.push(["from", task === undefined ? run : `${run}/${task}`]);
  return `${facts.map(([name, value]) => `${name.padEnd(11)} ${value}`).join("\n")}\n\n${memory.content}`;
}

/** A list of memories for people, a line each. */
export function memoryLines(memories: readonly Memory[]): string {
  if (memories.length === 0) return "There are no memories here yet; 'mnemosyne remember TEXT' stores one.";
  return memories.map((memory) => `${memory.id}  ${memory.importance}  ${oneLine(memory)}`).join("\n");
}

/** Found memories for people, best first. */
export function hitLines(hits: readonly SearchHit[]): string {
  return hits
    .map((hit) => {
      const parts = Object.entries(hit.parts ?? {}).map(([name, value]) => `${name} ${value.toFixed(3)}`);
      const explained = parts.length === 0 ? "" : `\n    ${parts.join(", ")}`;
      const around = (hit.neighbours ?? []).map((neighbour) => `\n    . ${oneLine(neighbour)}`).join("");
      return `${hit.score.toFixed(3)}  ${hit.id}  ${oneLine(hit)}${explained}${around}`;
    })
    .join("\n");
}

/** Counts for people. */
export function statsText(stats: MemoryStats, namespace: string): string {
  const lines = [`${stats.totalMemories} memories are visible in ${namespace}`];
  for (const [name, count] of Object.entries(stats.byNamespace)) lines.push(`  ${name}: ${count}`);
  if (stats.newest !== undefined) lines.push(`newest: ${stats.newest.toISOString()}`);
  return lines.join("\n");
}

/** The summary, else the content, cut to a line. */
export function oneLine({ summary, content }: Memory): string {
  const text = (summary === "" ? content : summary).replaceAll(/\s+/g, " ").trim();
  const characters = Array.from(text);
  return characters.length > 100 ? `${characters.slice(0, 99).join("")}…` : text;
}
