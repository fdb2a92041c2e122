import { isUtf8 } from "node:buffer";
import { createTwoFilesPatch } from "diff";
import type { FileChange } from "@mnemosyne/core";

/** Options of {@link unifiedDiff}. */
export interface UnifiedDiffOptions {
  /** Unchanged lines shown around a change. Default 3. */
  readonly context?: number;
}

/**
 * A change as a unified diff, for people and models. Contents are needed where the path existed. A binary file, or one
 * that cannot be compared in time, is one line that says so. Empty where only permission bits changed.
 */
export function unifiedDiff(
  change: Pick<FileChange, "path" | "kind">,
  before: Uint8Array | string | undefined,
  after: Uint8Array | string | undefined,
  options: UnifiedDiffOptions = {},
): string {
  const from = change.kind === "added" ? "/dev/null" : quoted(`a/${change.path}`);
  const to = change.kind === "deleted" ? "/dev/null" : quoted(`b/${change.path}`);
  const [old, fresh] = [textOf(before), textOf(after)];
  if (old === undefined || fresh === undefined) return `Binary files ${from} and ${to} differ\n`;
  if (old === fresh && change.kind === "modified") return "";
  // The names are put in afterwards: they may contain what the library would take for its own.
  const patch = createTwoFilesPatch("a", "b", old, fresh, undefined, undefined, {
    context: options.context ?? 3,
    timeout: 5_000,
  });
  if (patch === undefined) return `Files ${from} and ${to} differ too much to be shown\n`;
  const firstHunk = patch.indexOf("\n@@");
  return `--- ${from}\n+++ ${to}\n${firstHunk < 0 ? "" : patch.slice(firstHunk + 1)}`;
}

function textOf(content: Uint8Array | string | undefined): string | undefined {
  if (content === undefined) return "";
  if (typeof content === "string") return content.includes("\0") ? undefined : content;
  return isUtf8(content) && !content.includes(0) ? Buffer.from(content).toString("utf8") : undefined;
}

/** A name with control characters or quotes is written as git writes it. */
function quoted(name: string): string {
  // oxlint-disable-next-line no-control-regex
  if (!/[\u0000-\u001f"\\\u007f]/u.test(name)) return name;
  return JSON.stringify(name);
}
