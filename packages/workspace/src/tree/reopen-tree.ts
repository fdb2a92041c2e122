import { MnemosyneError } from "@mnemosyne/core";
import { sharedCaches } from "../manifest/cache-folders.ts";
import type { FileIdentity } from "../manifest/walk-folder.ts";
import type { ContentSource } from "./base-reader.ts";
import { realFolder } from "./real-folder.ts";
import { Tree } from "./tree.ts";
import { besideTree, identitiesFromJson, readTreeManifest, readTreeNote } from "./tree-note.ts";

/** Options of {@link reopenTree}; what is not given is as it was when the tree was opened. */
export interface ReopenTreeOptions {
  readonly tree: string;
  readonly caches?: readonly string[];
  readonly writes?: readonly string[];
  readonly forbidden?: readonly FileIdentity[];
  readonly contents?: ContentSource;
}

/** Finds a tree again, in another process too. Throws `E_NOT_FOUND` where there is none, or only a half-made one. */
export async function reopenTree(options: ReopenTreeOptions): Promise<Tree> {
  const root = await realFolder(options.tree);
  const beside = besideTree(root);
  const note = await readTreeNote(root);
  const base = note === undefined ? undefined : await readTreeManifest(beside.base);
  if (note === undefined || base === undefined) {
    throw new MnemosyneError("E_NOT_FOUND", `${root} is not a finished tree. Open a new one.`, {
      kind: "notFound",
    });
  }
  const known = await readTreeManifest(beside.copy);
  const writes = options.writes ?? note.writes;
  return new Tree({
    root,
    origins: note.origins,
    base,
    caches: options.caches === undefined ? note.caches : sharedCaches(options.caches, writes),
    shared: note.shared,
    forbidden: options.forbidden ?? identitiesFromJson(note.forbidden),
    ...(known === undefined ? {} : { known }),
    ...(writes === undefined ? {} : { writes }),
    ...(options.contents === undefined ? {} : { contents: options.contents }),
  });
}
