import type { Compressor, Json } from "@mnemosyne/core";

/** How much is kept of arrays (elements), objects (members) and strings (characters), from much to little. */
const STEPS: readonly { readonly elements: number; readonly characters: number }[] = [
  { elements: 100, characters: 4000 },
  { elements: 50, characters: 1000 },
  { elements: 20, characters: 400 },
  { elements: 10, characters: 200 },
  { elements: 5, characters: 100 },
  { elements: 3, characters: 60 },
  { elements: 1, characters: 40 },
];

/** Shortens JSON by its structure, so that it stays JSON and every shape can still be seen. `undefined` for a text that is not JSON. */
export function createJsonCompressor(count: (text: string) => number): Compressor {
  return {
    name: "json",
    compress(item, tokens) {
      if (count(item.text) <= tokens) return item;
      let value: Json;
      try {
        value = JSON.parse(item.text) as Json;
      } catch {
        // Not JSON: another compressor's work.
        return undefined;
      }
      for (const step of STEPS) {
        const text = formatJson(shorten(value, step.elements, step.characters));
        if (count(text) <= tokens) return { ...item, text };
      }
      return undefined;
    },
  };
}

/** JSON for a model: one line when it is short, else one value a line. */
export function formatJson(value: Json): string {
  const line = JSON.stringify(value);
  return line.length <= 120 ? line : JSON.stringify(value, undefined, 1);
}

function shorten(value: Json, elements: number, characters: number): Json {
  if (typeof value === "string") {
    const points = value.length > characters ? Array.from(value) : [];
    return points.length > characters
      ? `${points.slice(0, characters).join("")}… (${points.length - characters} more characters)`
      : value;
  }
  if (Array.isArray(value)) {
    const kept = (value as readonly Json[])
      .slice(0, elements)
      .map((each) => shorten(each, elements, characters));
    return value.length > elements ? [...kept, `… (${value.length - elements} more elements)`] : kept;
  }
  if (value === null || typeof value !== "object") return value;
  const members = Object.entries(value as Readonly<Record<string, Json | undefined>>);
  // Objects lose members only far beyond what arrays lose: their names are the shape.
  const limit = elements * 4;
  const kept = members
    .slice(0, limit)
    .map(([name, member]) => [name, shorten(member ?? null, elements, characters)] as const);
  return Object.fromEntries(
    members.length > limit ? [...kept, ["…", `${members.length - limit} more members`]] : kept,
  );
}
