import { lstatSync } from "node:fs";
import { join } from "node:path";
import { isMnemosyneError, type Workspace } from "@mnemosyne/core";
import { termSetOf, termWeights } from "../relevance.ts";

/** A file as it was read last. */
export interface ReadFile {
  readonly path: string;
  readonly text: string;
  /** What it is about, its path included. */
  readonly terms: ReadonlySet<string>;
  readonly pathTerms: ReadonlySet<string>;
}

/** Files of one workspace, and how much each of their terms says. */
export interface ReadFiles {
  readonly files: readonly ReadFile[];
  readonly unread: readonly { readonly path: string; readonly reason: string }[];
  readonly weight: (term: string) => number;
}

interface Known {
  readonly signature: string;
  readonly file: ReadFile | { readonly path: string; readonly reason: string };
}

interface Shelf {
  known: Map<string, Known>;
  weighed?: { readonly files: readonly ReadFile[]; readonly weight: (term: string) => number };
}

/** Bytes of a file above which it is not read into a context. */
const LARGEST = 512 * 1024;
/** Characters by which a file is compared with the others. */
const JUDGED = 100_000;
/** Workspaces whose files are kept. */
const MOST_SHELVES = 4;
/** Milliseconds that a file must have been left alone before it was read, so that its times tell of any later change. */
const SETTLED = 50;

/** Reads files for contexts and keeps what it read: a file is read again only when it changed. */
export class FileReader {
  readonly #shelves = new Map<string, Shelf>();

  async read(workspace: Workspace, paths: readonly string[], signal?: AbortSignal): Promise<ReadFiles> {
    const shelf = this.#shelf(workspace.root);
    const words = new Map<string, readonly string[]>();
    const known = new Map<string, Known>();
    const found: Known["file"][] = [];
    for (const path of paths) {
      signal?.throwIfAborted();
      const signature = signatureOf(join(workspace.root, path));
      const before = shelf.known.get(path);
      const file =
        before !== undefined && before.signature === signature
          ? before.file
          : await readOne(workspace, path, words);
      found.push(file);
      if (signature !== undefined) known.set(path, { signature, file });
    }
    shelf.known = known;
    const files = found.filter((file) => "text" in file);
    const unread = found.filter((file) => "reason" in file);
    const same =
      shelf.weighed?.files.length === files.length &&
      files.every((file, index) => shelf.weighed?.files[index] === file);
    if (!same) shelf.weighed = { files, weight: termWeights(files.map(({ terms }) => terms)) };
    return { files, unread, weight: shelf.weighed?.weight ?? (() => 1) };
  }

  #shelf(root: string): Shelf {
    const shelf = this.#shelves.get(root) ?? { known: new Map<string, Known>() };
    this.#shelves.delete(root);
    this.#shelves.set(root, shelf);
    const [oldest] = this.#shelves.keys();
    if (this.#shelves.size > MOST_SHELVES && oldest !== undefined) this.#shelves.delete(oldest);
    return shelf;
  }
}

/** Changes whenever the file does; `undefined` where that cannot be told: a link, or a file that was changed just now. */
function signatureOf(path: string): string | undefined {
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile() || Date.now() - Number(stat.ctimeMs) < SETTLED) return undefined;
  return `${stat.mtimeNs}:${stat.ctimeNs}:${stat.size}:${stat.ino}:${stat.dev}`;
}

async function readOne(
  workspace: Workspace,
  path: string,
  words: Map<string, readonly string[]>,
): Promise<Known["file"]> {
  let bytes: Uint8Array;
  try {
    bytes = await workspace.readBytes(path);
  } catch (error) {
    // A file that went away or may not be read is no reason to do without all others; the report names it.
    if (isMnemosyneError(error) && error.kind !== "internal") return { path, reason: error.message };
    throw error;
  }
  if (bytes.byteLength > LARGEST) return { path, reason: `larger than ${LARGEST} bytes` };
  if (bytes.subarray(0, 8000).includes(0)) return { path, reason: "not text" };
  const text = new TextDecoder().decode(bytes);
  return {
    path,
    text,
    terms: termSetOf(`${path}\n${text.slice(0, JUDGED)}`, words),
    pathTerms: termSetOf(path),
  };
}
