import type { MergeRecord } from "@mnemosyne/workspace";

/** Hashes of the files' contents that undoing a record needs, as far as it does not find them in place. */
export function contentsBefore({ paths }: MergeRecord): readonly string[] {
  return paths.flatMap(({ before, after }) =>
    before?.type !== "file" || (after?.type === "file" && after.hash === before.hash) ? [] : [before.hash],
  );
}
