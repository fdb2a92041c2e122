import { createHash } from "node:crypto";
import type { PromptPiece } from "./token-count.ts";

/** How a prompt divides into cached and uncached tokens. */
export interface CacheShare {
  readonly read: number;
  readonly write: number;
  readonly uncached: number;
}

/** A provider's cache of prompt prefixes. */
export interface PromptCache {
  /** Looks a prompt up and keeps what its breakpoints mark. */
  use(model: string, pieces: readonly PromptPiece[]): CacheShare;
}

/** How many pieces before a breakpoint are looked at for a known prefix. */
const LOOKBACK = 20;

/**
 * An empty cache. A prefix that ends at a breakpoint and has at least `minimumTokens` is written; the longest known
 * prefix at most twenty pieces before a breakpoint is read. Entries do not expire, so that counts are repeatable.
 */
export function createPromptCache(minimumTokens: number): PromptCache {
  const known = new Set<string>();
  return {
    use(model, pieces) {
      const hash = createHash("sha256").update(model);
      const prefixes: { readonly digest: string; readonly tokens: number }[] = [];
      let total = 0;
      for (const piece of pieces) {
        total += piece.tokens;
        prefixes.push({ digest: hash.update(`\0${piece.key}`).copy().digest("hex"), tokens: total });
      }
      const breakpoints = [...pieces.keys()].filter(
        (index) => pieces[index]?.breakpoint === true && (prefixes[index]?.tokens ?? 0) >= minimumTokens,
      );
      let read = 0;
      for (const at of breakpoints)
        for (let index = at; index >= Math.max(0, at - LOOKBACK); index--) {
          const prefix = prefixes[index];
          if (prefix !== undefined && known.has(prefix.digest)) {
            read = Math.max(read, prefix.tokens);
            break;
          }
        }
      let cached = 0;
      for (const at of breakpoints) {
        const prefix = prefixes[at];
        if (prefix === undefined) continue;
        known.add(prefix.digest);
        cached = Math.max(cached, prefix.tokens);
      }
      return { read, write: Math.max(0, cached - read), uncached: total - Math.max(cached, read) };
    },
  };
}
