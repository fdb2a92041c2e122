import type { Json } from "@mnemosyne/core";
import type { ApiError } from "../messages-server/api-error.ts";
import { badRequest } from "../messages-server/api-error.ts";
import { stableBody, type TapeEntry } from "./tape.ts";

/** The error of a request that a tape has no reply for, with where it differs from the next one that it has. */
export function tapeMiss(
  method: string,
  path: string,
  body: Json,
  unused: readonly TapeEntry[],
  volatile: readonly RegExp[],
): ApiError {
  const next = unused.find((entry) => entry.method === method && entry.path === path);
  const hint =
    next === undefined
      ? "it holds no further request to this path"
      : `the next one that it holds differs at ${difference(parse(body, volatile), parse(next.request, volatile)) ?? "nothing"}`;
  return {
    ...badRequest(`tape has no reply for this request: ${method} ${path}; ${hint}`),
    code: "tape_miss",
  };
}

function parse(body: Json, volatile: readonly RegExp[]): unknown {
  try {
    return JSON.parse(stableBody(body, volatile));
  } catch {
    // Taking volatile parts out of bare numbers can leave no JSON; then the bodies are compared as they are.
    return body;
  }
}

/** Path of the first place where two values differ, with both values' beginnings. */
function difference(wanted: unknown, held: unknown, path = ""): string | undefined {
  if (Object.is(wanted, held)) return undefined;
  if (typeof wanted === "object" && typeof held === "object" && wanted !== null && held !== null) {
    for (const key of new Set([...Object.keys(wanted), ...Object.keys(held)])) {
      const found = difference(
        (wanted as Record<string, unknown>)[key],
        (held as Record<string, unknown>)[key],
        path === "" ? key : `${path}.${key}`,
      );
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return `${path}: ${around(wanted, held)} instead of ${around(held, wanted)}`;
}

function around(value: unknown, other: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value) ?? "nothing";
  const text = typeof other === "string" ? other : "";
  let same = 0;
  while (same < value.length && value[same] === text[same]) same += 1;
  const from = Math.max(0, same - 20);
  return `'${from > 0 ? "..." : ""}${value.slice(from, same + 40)}'`;
}
