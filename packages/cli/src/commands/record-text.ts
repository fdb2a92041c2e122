import type { MemoryChange, MemoryGraph } from "@mnemosyne/core";
import { oneLine } from "./memory-text.ts";

/** A history for people, oldest first. */
export function historyText(changes: readonly MemoryChange[]): string {
  return changes
    .map(({ change, version, at, by, reason, before }) => {
      const who = by === undefined ? "" : ` by ${by}`;
      const why = reason === undefined ? "" : `: ${reason}`;
      const fields = change === "forgotten" ? [] : Object.entries(before);
      const was = fields.map(([name, value]) => `\n    ${name} was ${shortened(JSON.stringify(value))}`);
      return `${at.toISOString()}  v${version}  ${change}${who}${why}${was.join("")}`;
    })
    .join("\n");
}

/** A graph as JSON, as a Mermaid or Graphviz diagram, or as lines. */
export function graphAs(graph: MemoryGraph, format: "json" | "mermaid" | "dot" | undefined): string {
  if (format === "json") return JSON.stringify(graph);
  const { nodes, links } = graph;
  const names = new Map(nodes.map(({ id }, index) => [id as string, `m${index}`]));
  const joined = links.flatMap((link) => {
    const [from, to] = [names.get(link.from), names.get(link.to)];
    return from === undefined || to === undefined ? [] : [{ ...link, from, to }];
  });
  if (format === "mermaid")
    return [
      "graph LR",
      ...nodes.map((node) => `  ${names.get(node.id)}["${escaped(oneLine(node), MERMAID)}"]`),
      ...joined.map(
        ({ from, to, type, strength }) => `  ${from} -->|"${escaped(type, MERMAID)} ${strength}"| ${to}`,
      ),
    ].join("\n");
  if (format === "dot")
    return [
      "digraph memories {",
      ...nodes.map(
        (node) => `  ${names.get(node.id)} [label="${escaped(oneLine(node), DOT)}", tooltip="${node.id}"];`,
      ),
      ...joined.map(
        ({ from, to, type, strength }) =>
          `  ${from} -> ${to} [label="${escaped(type, DOT)} ${strength}", weight=${Math.max(1, Math.round(strength * 10))}];`,
      ),
      "}",
    ].join("\n");
  if (nodes.length === 0) return "There are no linked memories here yet; 'mnemosyne link A B' joins two.";
  return [
    ...nodes.map((node) => `${"  ".repeat(node.hop)}${node.id}  ${oneLine(node)}`),
    ...links.map(({ from, to, type, strength }) => `${from} ${type} ${to} (${strength})`),
  ].join("\n");
}

const MERMAID: Readonly<Record<string, string>> = { '"': "#quot;", "#": "#35;", "\\": "#92;" };
const DOT: Readonly<Record<string, string>> = { '"': '\\"', "\\": "\\\\" };

function escaped(text: string, marks: Readonly<Record<string, string>>): string {
  return text.replaceAll(/["#\\]/g, (mark) => marks[mark] ?? mark);
}

function shortened(text: string): string {
  const characters = Array.from(text);
  return characters.length > 100 ? `${characters.slice(0, 99).join("")}…` : text;
}
