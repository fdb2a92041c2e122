import { DEFAULT_CACHES } from "../manifest/cache-folders.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { readManifest } from "../manifest/read-manifest.ts";
import type { FileIdentity } from "../manifest/walk-folder.ts";
import { baseReader, type ContentSource } from "./base-reader.ts";
import { FolderWorkspace } from "./folder-workspace.ts";
import { realFolder } from "./real-folder.ts";

/** Options of {@link openShared}. */
export interface OpenSharedOptions {
  /** What changes count from: a manifest; `now` (default): the folder as it is; `none`: `changes` is then refused. */
  readonly base?: Manifest | "now" | "none";
  readonly caches?: readonly string[];
  /** Globs: writes to other paths are refused with `E_NOT_ALLOWED`. */
  readonly writes?: readonly string[];
  readonly forbidden?: readonly FileIdentity[];
  /** Where base contents are looked up that have changed since. */
  readonly contents?: ContentSource;
  readonly signal?: AbortSignal;
}

/** A {@link FolderWorkspace} on the workspace itself, for tasks that act there. Throws `E_NOT_FOUND`, `E_CANCELLED`. */
export async function openShared(root: string, options: OpenSharedOptions = {}): Promise<FolderWorkspace> {
  const { base = "now", caches = DEFAULT_CACHES, writes, forbidden = [], contents, signal } = options;
  const folder = await realFolder(root);
  const now =
    base === "now"
      ? await readManifest(folder, { caches, forbidden, ...(signal === undefined ? {} : { signal }) })
      : undefined;
  return new FolderWorkspace({
    root: folder,
    base: now ?? (typeof base === "string" ? undefined : base),
    readBase: baseReader([folder], ...(contents === undefined ? [] : [contents])),
    caches,
    readable: [],
    forbidden,
    ...(writes === undefined ? {} : { writes }),
    ...(now === undefined ? {} : { known: now }),
  });
}
