/** Kind of a file system entry. */
export type EntryType = "file" | "link" | "directory";

/** A changed path, relative to the workspace with `/` between parts. */
export interface FileChange {
  readonly path: string;
  readonly kind: "added" | "modified" | "deleted";
  readonly type: EntryType;
  /** Hashes of the content before and after, hex; missing where it does not exist. */
  readonly before?: string;
  readonly after?: string;
}

/**
 * A folder that work happens in. Every path is relative; one that leaves the folder (by `..`, an absolute path or
 * a link) is refused with `E_PATH_ESCAPE`. `.git` and `.mnemosyne` are not part of it.
 */
export interface Workspace {
  /** Absolute path of the folder, for commands. */
  readonly root: string;
  /** The absolute, real path of a relative one; the file need not exist. Throws `E_PATH_ESCAPE`, `E_NOT_ALLOWED`. */
  resolve(path: string, access: "read" | "write"): Promise<string>;
  /** Text of a file. Throws `E_NOT_FOUND`. */
  readText(path: string): Promise<string>;
  readBytes(path: string): Promise<Uint8Array>;
  /** Writes a whole file by write-aside and rename; folders are made. */
  write(path: string, content: string | Uint8Array): Promise<void>;
  delete(path: string): Promise<void>;
  exists(path: string): Promise<boolean>;
  /** Paths of files that match a glob (default all), sorted; ignored and cache folders left out. */
  list(glob?: string | readonly string[], options?: { readonly limit?: number }): Promise<readonly string[]>;
  /** What differs from the base that it began with. */
  changes(): Promise<readonly FileChange[]>;
  /** Content of a path as it was in the base; `undefined` where it did not exist. */
  readBase(path: string): Promise<Uint8Array | undefined>;
  /** Hash of all entries (path, type, mode, content). */
  hash(): Promise<string>;
}
