import { randomBytes } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { lstat, open, rename, rm, rmdir, unlink } from "node:fs/promises";
import { MnemosyneError, type FileChange, type Workspace } from "@mnemosyne/core";
import { cacheRule } from "../manifest/cache-folders.ts";
import { diffManifests } from "../manifest/diff-manifests.ts";
import { manifestHash, type Manifest } from "../manifest/manifest.ts";
import { readManifest } from "../manifest/read-manifest.ts";
import { isGone, walkFolder, type FileIdentity } from "../manifest/walk-folder.ts";
import { comparePaths, fsPath } from "../path/fs-path.ts";
import { globMatcher } from "../path/globs.ts";
import {
  escape,
  folderOf,
  nameOf,
  notAllowed,
  notFound,
  openInJail,
  resolveInJail,
  type Jail,
  type Place,
} from "../path/jail.ts";
import { ignoredPaths } from "./ignored-paths.ts";

/** What a {@link FolderWorkspace} is made of. */
export interface FolderWorkspaceOptions {
  /** Real, absolute. */
  readonly root: string;
  readonly base: Manifest | undefined;
  /** Reads a base content that is no longer in the folder. */
  readonly readBase: (path: string, hash: string) => Promise<Uint8Array | undefined>;
  readonly caches: readonly string[];
  /** Real folders of shared caches: readable through their links. */
  readonly readable: readonly string[];
  /** Relative paths of shared caches: nothing is written there. */
  readonly readOnly?: readonly string[];
  readonly writes?: readonly string[];
  readonly forbidden: readonly FileIdentity[];
  /** The folder's own entries as they were when it was opened, to save hashing. */
  readonly known?: Manifest;
}

/** A {@link Workspace} on a folder: reads and writes behind the path jail, changes against a base manifest. */
export class FolderWorkspace implements Workspace {
  readonly root: string;
  readonly #options: FolderWorkspaceOptions;
  readonly #jail: Jail;
  readonly #mayWrite: (path: string) => boolean;
  #known: Manifest | undefined;

  constructor(options: FolderWorkspaceOptions) {
    this.root = options.root;
    this.#options = options;
    this.#jail = { root: options.root, readable: options.readable, forbidden: options.forbidden };
    this.#mayWrite = options.writes === undefined ? () => true : globMatcher(options.writes);
    this.#known = options.known;
  }

  async resolve(path: string, access: "read" | "write"): Promise<string> {
    return (await this.#place(path, access)).real;
  }

  async readText(path: string): Promise<string> {
    return Buffer.from(await this.readBytes(path)).toString("utf8");
  }

  async readBytes(path: string): Promise<Uint8Array> {
    const handle = await openInJail(this.#jail, path, await this.#place(path, "read"));
    try {
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  }

  async write(path: string, content: string | Uint8Array): Promise<void> {
    const place = await this.#place(path, "write");
    if (place.inside === "") throw notAllowed(path, "it is the workspace itself");
    using folder = folderOf(this.#jail, path, place, true);
    const target = folder.at(nameOf(place));
    const present = await lstatAt(target);
    if (present?.isSymbolicLink() === true) throw escape(path, "it became a link meanwhile");
    if (present !== undefined && !present.isFile()) throw notAllowed(path, "it is not a regular file");
    const aside = folder.at(`.mnemosyne-aside-${randomBytes(8).toString("hex")}.new`);
    // A new file gets the bits that the process's mask leaves; a known one keeps its own.
    const handle = await open(aside, "wx", 0o666);
    try {
      if (present !== undefined) await handle.chmod(Number(present.mode) & 0o7777);
      await handle.writeFile(content);
      await handle.close();
      await rename(aside, target);
    } catch (error) {
      await handle.close();
      await rm(aside, { force: true });
      throw error;
    }
  }

  async delete(path: string): Promise<void> {
    const place = await this.#place(path, "write", false);
    if (place.inside === "") throw notAllowed(path, "it is the workspace itself");
    using folder = folderOf(this.#jail, path, place, false);
    const target = folder.at(nameOf(place));
    const stat = await lstatAt(target);
    if (stat === undefined) throw notFound(path);
    if (!stat.isDirectory()) {
      await unlink(target);
      return;
    }
    try {
      await rmdir(target);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
      throw notAllowed(path, "it is a folder with something in it; delete that first");
    }
  }

  async exists(path: string): Promise<boolean> {
    const place = await this.#place(path, "read");
    return (await statOf(place.real)) !== undefined;
  }

  async list(
    glob: string | readonly string[] = "**",
    options: { readonly limit?: number } = {},
  ): Promise<readonly string[]> {
    const { caches, forbidden } = this.#options;
    const matches = globMatcher(typeof glob === "string" ? [glob] : glob);
    const walk = await walkFolder(this.root, { caches: cacheRule(caches), forbidden });
    const files = walk.entries.filter(({ type }) => type !== "directory").map(({ path }) => path);
    const ignored = await ignoredPaths(this.root, files);
    const found = files.filter((path) => matches(path) && !ignored.has(path)).toSorted(comparePaths);
    return options.limit === undefined ? found : found.slice(0, options.limit);
  }

  /** All entries as they are now. */
  async manifest(options: { readonly signal?: AbortSignal } = {}): Promise<Manifest> {
    const { caches, forbidden } = this.#options;
    const known = this.#known;
    const now = await readManifest(this.root, {
      caches,
      forbidden,
      ...(known === undefined ? {} : { known }),
      ...options,
    });
    this.#known = now;
    return now;
  }

  async changes(): Promise<readonly FileChange[]> {
    const { base } = this.#options;
    if (base === undefined) {
      throw new MnemosyneError(
        "E_INPUT",
        "This workspace was opened without a base, so it cannot tell what changed. Open it with one.",
        { kind: "input" },
      );
    }
    return diffManifests(base, await this.manifest());
  }

  async readBase(path: string): Promise<Uint8Array | undefined> {
    const entry = this.#options.base?.entries.get(path);
    if (entry === undefined || entry.type === "directory") return undefined;
    if (entry.type === "link") return Buffer.from(entry.target ?? "", "utf8");
    const content = await this.#options.readBase(path, entry.hash);
    if (content !== undefined) return content;
    throw new MnemosyneError(
      "E_BLOB_GONE",
      `The content that ${JSON.stringify(path)} had at the base is not kept any more: both copies have changed since.`,
      { kind: "notFound", details: { path, hash: entry.hash } },
    );
  }

  async hash(): Promise<string> {
    return manifestHash(await this.manifest());
  }

  async #place(path: string, access: "read" | "write", follow = true): Promise<Place> {
    const place = await resolveInJail(this.#jail, path, follow);
    if (access === "read") return place;
    const { inside } = place;
    const { readOnly = [] } = this.#options;
    if (
      inside === undefined ||
      readOnly.some((cache) => inside === cache || inside.startsWith(`${cache}/`))
    ) {
      throw notAllowed(path, "it lies in a cache that is shared read-only");
    }
    if (inside !== "" && !this.#mayWrite(inside)) {
      throw notAllowed(path, `this task may only write ${(this.#options.writes ?? []).join(", ")}`);
    }
    return place;
  }
}

/** `lstat`, or undefined where there is nothing. */
export async function statOf(path: string): Promise<BigIntStats | undefined> {
  return await lstatAt(fsPath(path));
}

async function lstatAt(path: string | Buffer): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}
