import type * as Crypto from "node:crypto";
import type * as Fs from "node:fs";

/** Files to hash, or to copy and hash. Paths are relative, in the encoding of `decodeName`. */
export interface DiskJob {
  readonly from: string;
  /** Folder to copy into; missing: only hash. Its folders exist already. */
  readonly to?: string;
  readonly files: readonly { readonly path: string; readonly mode: number; readonly size: number }[];
}

/** What became of one file. */
export type DiskOutcome =
  | {
      readonly hash: string;
      readonly size: number;
      /** Stamp and change time (ms) of the copy; of the file itself when it was only hashed. */
      readonly stamp: string;
      readonly changedAt: number;
      readonly mode: number;
    }
  /** It vanished or became something else in the meantime. */
  | { readonly gone: true }
  | { readonly code: string; readonly message: string };

/** Does a job. */
export type DiskWork = (job: DiskJob) => DiskOutcome[];

/**
 * Hashing and copying with synchronous calls, which are several times cheaper than asynchronous ones for thousands of
 * small files. It runs in a worker thread, made from this function's text: so it must not use anything from
 * outside itself, and no other file has to be found at run time, bundled or not.
 */
export function createDiskWork(fs: typeof Fs, crypto: typeof Crypto): DiskWork {
  const whole = 1 << 20;
  const buffer = Buffer.allocUnsafe(whole);

  // oxlint-disable unicorn/consistent-function-scoping -- nothing outside this function exists where it runs
  const asFsPath = (path: string): string | Buffer => {
    if (!/[\udc80-\udcff]/u.test(path)) return path;
    const parts: Buffer[] = [];
    for (const char of path) {
      const code = char.charCodeAt(0);
      const escaped = char.length === 1 && code >= 0xdc80 && code <= 0xdcff;
      parts.push(escaped ? Buffer.from([code - 0xdc00]) : Buffer.from(char, "utf8"));
    }
    return Buffer.concat(parts);
  };

  const stampOf = (stat: Fs.Stats): string =>
    `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeMs}:${stat.ctimeMs}`;

  /** Reads as much as there is, at most the whole buffer. */
  const fill = (fd: number): number => {
    let filled = 0;
    while (filled < whole) {
      const read = fs.readSync(fd, buffer, filled, whole - filled, null);
      if (read === 0) break;
      filled += read;
    }
    return filled;
  };

  const writeAll = (fd: number, piece: Buffer): void => {
    for (let at = 0; at < piece.length;) at += fs.writeSync(fd, piece, at, piece.length - at);
  };

  /** Gives hash and size of what is left to read; `onPiece` sees it as it goes by. */
  const readOn = (fd: number, onPiece: (piece: Buffer) => void): { hash: string; size: number } => {
    let filled = fill(fd);
    onPiece(buffer.subarray(0, filled));
    // One call for a small file is much cheaper than a hash that is fed.
    if (filled < whole) return { hash: crypto.hash("sha256", buffer.subarray(0, filled)), size: filled };
    const sum = crypto.createHash("sha256");
    let size = 0;
    for (; filled > 0; filled = fill(fd), onPiece(buffer.subarray(0, filled))) {
      sum.update(buffer.subarray(0, filled));
      size += filled;
    }
    return { hash: sum.digest("hex"), size };
  };

  // O_NONBLOCK: a pipe that took the file's place must not hold us for ever.
  const readFlags = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK;

  const hashOne = (from: string | Buffer): DiskOutcome => {
    const fd = fs.openSync(from, readFlags);
    try {
      const stat = fs.fstatSync(fd);
      if (!stat.isFile()) return { gone: true };
      const { hash, size } = readOn(fd, () => undefined);
      return { hash, size, stamp: stampOf(stat), changedAt: stat.ctimeMs, mode: stat.mode & 0o7777 };
    } finally {
      fs.closeSync(fd);
    }
  };

  /** Gives the copy the source's times, which build programs compare, and its permission bits. */
  const finish = (fd: number, source: Fs.Stats, hash: string, size: number): DiskOutcome => {
    const mode = source.mode & 0o7777;
    fs.futimesSync(fd, source.atimeMs / 1e3, source.mtimeMs / 1e3);
    let stat = fs.fstatSync(fd);
    if ((stat.mode & 0o7777) !== mode) {
      fs.fchmodSync(fd, mode);
      stat = fs.fstatSync(fd);
    }
    return { hash, size, stamp: stampOf(stat), changedAt: stat.ctimeMs, mode };
  };

  const copySmall = (from: string | Buffer, to: string | Buffer): DiskOutcome => {
    const source = fs.openSync(from, readFlags);
    try {
      const stat = fs.fstatSync(source);
      if (!stat.isFile()) return { gone: true };
      const target = fs.openSync(to, "wx", (stat.mode & 0o777) | 0o200);
      try {
        const { hash, size } = readOn(source, (piece) => writeAll(target, piece));
        return finish(target, stat, hash, size);
      } finally {
        fs.closeSync(target);
      }
    } finally {
      fs.closeSync(source);
    }
  };

  /** Large files are cloned where the file system can; the copy is hashed, because the source may change meanwhile. */
  const copyLarge = (from: string | Buffer, to: string | Buffer): DiskOutcome => {
    const stat = fs.lstatSync(from);
    if (!stat.isFile()) return { gone: true };
    fs.copyFileSync(from, to, fs.constants.COPYFILE_FICLONE | fs.constants.COPYFILE_EXCL);
    fs.chmodSync(to, (stat.mode & 0o7777) | 0o600);
    const { hash, size } = hashOne(to) as { readonly hash: string; readonly size: number };
    const fd = fs.openSync(to, "r+");
    try {
      return finish(fd, stat, hash, size);
    } finally {
      fs.closeSync(fd);
    }
  };

  return ({ from, to, files }) =>
    files.map(({ path, size }) => {
      try {
        const source = asFsPath(`${from}/${path}`);
        if (to === undefined) return hashOne(source);
        return size > whole
          ? copyLarge(source, asFsPath(`${to}/${path}`))
          : copySmall(source, asFsPath(`${to}/${path}`));
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        // ELOOP: a link took the file's place.
        if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP") return { gone: true };
        return { code: code ?? "EIO", message };
      }
    });
}
