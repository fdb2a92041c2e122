import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { MnemosyneError, type BlobStore } from "@mnemosyne/core";
import { createHash } from "node:crypto";

/** A folder's entries by path, written down apart from the code under test. */
export type Folder = Readonly<Record<string, FolderEntry>>;

export type FolderEntry =
  | { readonly type: "file"; readonly content: string; readonly mode: number }
  | { readonly type: "link"; readonly target: string }
  | { readonly type: "directory"; readonly mode: number };

export function newFolder(name: string): string {
  return mkdtempSync(path.join(tmpdir(), `mnemosyne-${name}-`));
}

/** Reads a folder by other means than the package does. `skip` names entries of the top that are left out. */
export function readFolder(root: string, skip: readonly string[] = []): Folder {
  const entries: [string, FolderEntry][] = [];
  const walk = (folder: string): void => {
    for (const name of readdirSync(path.join(root, folder))) {
      if (folder === "" && skip.includes(name)) continue;
      const at = folder === "" ? name : `${folder}/${name}`;
      const full = path.join(root, at);
      const stat = lstatSync(full);
      if (stat.isSymbolicLink()) entries.push([at, { type: "link", target: readlinkSync(full) }]);
      else if (stat.isDirectory()) {
        entries.push([at, { type: "directory", mode: stat.mode & 0o7777 }]);
        walk(at);
      } else {
        entries.push([at, { type: "file", content: readFileSync(full, "latin1"), mode: stat.mode & 0o7777 }]);
      }
    }
  };
  walk("");
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Makes a folder's content exactly this. */
export function writeFolder(root: string, folder: Folder, skip: readonly string[] = []): void {
  for (const name of readdirSync(root))
    if (!skip.includes(name)) rmSync(path.join(root, name), { recursive: true });
  for (const [at, entry] of Object.entries(folder)) {
    const full = path.join(root, at);
    if (entry.type === "directory") {
      mkdirSync(full);
      chmodSync(full, entry.mode);
    } else if (entry.type === "link") {
      symlinkSync(entry.target, full);
    } else {
      writeFileSync(full, entry.content, "latin1");
      chmodSync(full, entry.mode);
    }
  }
}

/** Changes a folder from one state to another in place: only what differs is touched. */
export function changeFolder(root: string, from: Folder, to: Folder): void {
  for (const at of Object.keys(from).toReversed()) {
    if (!same(from[at], to[at])) rmSync(path.join(root, at), { recursive: true, force: true });
  }
  for (const [at, entry] of Object.entries(to)) {
    const full = path.join(root, at);
    if (lstatSync(full, { throwIfNoEntry: false }) !== undefined) continue;
    if (entry.type === "directory") {
      mkdirSync(full);
      chmodSync(full, entry.mode);
    } else if (entry.type === "link") {
      symlinkSync(entry.target, full);
    } else {
      writeFileSync(full, entry.content, "latin1");
      chmodSync(full, entry.mode);
    }
  }
}

export function same(a: FolderEntry | undefined, b: FolderEntry | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

const CONTENTS = [
  "",
  "one\n",
  "one\r\ntwo\r\n",
  "no end",
  "\u00ff\u0000bin",
  "x".repeat(300),
  "one\ntwo\nthree\n",
];

const entry: fc.Arbitrary<FolderEntry> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("file" as const),
      content: fc.constantFrom(...CONTENTS),
      mode: fc.constantFrom(0o644, 0o755, 0o600),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("link" as const),
      target: fc.constantFrom("a", "../b", "/etc/passwd", "nowhere"),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant("directory" as const), mode: fc.constantFrom(0o755, 0o700) }),
  },
);

const NAMES = ["a", "b", ".env", "sp ace", "ü", ".gitignore", "build"];

/** A small folder whose paths collide often, so that files become folders, folders links, and so on. */
export const folders: fc.Arbitrary<Folder> = fc
  .array(fc.tuple(fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 }), entry), {
    maxLength: 14,
  })
  .map(toFolder);

function toFolder(items: readonly (readonly [readonly string[], FolderEntry])[]): Folder {
  const made = new Map<string, FolderEntry>();
  for (const [parts, item] of items) {
    let blocked = false;
    for (let depth = 1; depth < parts.length; depth += 1) {
      const above = parts.slice(0, depth).join("/");
      blocked ||= (made.get(above)?.type ?? "directory") !== "directory";
      if (!blocked && !made.has(above)) made.set(above, { type: "directory", mode: 0o755 });
    }
    const at = parts.join("/");
    if (!blocked && !made.has(at)) made.set(at, item);
  }
  return Object.fromEntries([...made].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** A folder and another one that shares much with it. */
export const changedFolders: fc.Arbitrary<readonly [Folder, Folder]> = fc
  .tuple(folders, folders, fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }))
  .map(([before, other, coins]) => [before, mix(before, other, coins)] as const);

/** Takes each path from one or the other folder, as far as the paths above allow. */
export function mix(one: Folder, other: Folder, coins: readonly boolean[]): Folder {
  const paths = [...new Set([...Object.keys(one), ...Object.keys(other)])].toSorted();
  const items: [string[], FolderEntry][] = [];
  for (const [at, from] of paths.entries()) {
    const chosen = (coins[at % coins.length] ? one : other)[from];
    if (chosen !== undefined) items.push([from.split("/"), chosen]);
  }
  return toFolder(items);
}

/** A blob store in memory. */
export class MemoryBlobs implements BlobStore {
  readonly #blobs = new Map<string, Uint8Array>();
  async put(bytes: Uint8Array): Promise<string> {
    const hash = createHash("sha256").update(bytes).digest("hex");
    this.#blobs.set(hash, Uint8Array.from(bytes));
    return hash;
  }
  async get(hash: string): Promise<Uint8Array> {
    const bytes = this.#blobs.get(hash);
    if (bytes === undefined)
      throw new MnemosyneError("E_BLOB_GONE", `No blob ${hash}.`, { kind: "notFound" });
    return bytes;
  }
  async has(hash: string): Promise<boolean> {
    return this.#blobs.has(hash);
  }
}
