import type { Json } from "@mnemosyne/core";
import { firstCharacters } from "./text-cap.ts";

/** Takes secrets out of a text before it is journalled or shown. */
export type Redactor = (text: string) => string;

const SHORTEST_SECRET = 6;

/** Replaces the exact values of environment variables by their names, after `redact` did its own work. */
export function hidingValues(environment: Readonly<Record<string, string>>, redact: Redactor): Redactor {
  const secrets = Object.entries(environment)
    .filter(([, value]) => value.length >= SHORTEST_SECRET)
    .toSorted(([, a], [, b]) => b.length - a.length);
  return (text) => {
    let hidden = redact(text);
    for (const [name, value] of secrets) hidden = hidden.replaceAll(value, `[${name}]`);
    return hidden;
  };
}

/** A tool's input as it is journalled: every string redacted and capped. */
export function journalled(value: Json | undefined, redact: Redactor, limit = 400): Json {
  if (typeof value === "string") return firstCharacters(redact(value), limit);
  if (Array.isArray(value)) {
    const items = (value as readonly Json[]).slice(0, 50).map((item) => journalled(item, redact, limit));
    return value.length > 50 ? [...items, `[${value.length - 50} more items]`] : items;
  }
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(
      Object.entries(value)
        .slice(0, 50)
        .map(([key, item]) => [key, journalled(item, redact, limit)]),
    );
  return value ?? null;
}
