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

  const stampOf = (stat: Fs.BigIntStats): string =>
    `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`;

  /** Reads to the end; gives the number of bytes, all of them in `buffer` if there is only one round. */
  const readAll = (fd: number, onPiece: (piece: Buffer) => void): number => {
    let total = 0;
    for (;;) {
      const read = fs.readSync(fd, buffer, 0, whole, null);
      if (read === 0) return total;
      onPiece(buffer.subarray(0, read));
      total += read;
    }
  };

  const writeAll = (fd: number, piece: Buffer): void => {
    for (let at = 0; at < piece.length;) at += fs.writeSync(fd, piece, at, piece.length - at);
  };

  // O_NONBLOCK: a pipe that took the file's place must not hold us for ever.
  const readFlags = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK;

  const hashOne = (from: string | Buffer): DiskOutcome => {
    const fd = fs.openSync(from, readFlags);
    try {
      const stat = fs.fstatSync(fd, { bigint: true });
      if (!stat.isFile()) return { gone: true };
      const sum = crypto.createHash("sha256");
      const size = readAll(fd, (piece) => sum.update(piece));
      return {
        hash: sum.digest("hex"),
        size,
        stamp: stampOf(stat),
        changedAt: Number(stat.ctimeMs),
        mode: Number(stat.mode) & 0o7777,
      };
    } finally {
      fs.closeSync(fd);
    }
  };

  const finish = (fd: number, source: Fs.BigIntStats, hash: string, size: number): DiskOutcome => {
    const mode = Number(source.mode) & 0o7777;
    if ((fs.fstatSync(fd).mode & 0o7777) !== mode) fs.fchmodSync(fd, mode);
    // Build programs compare times, so a copy keeps them.
    fs.futimesSync(fd, Number(source.atimeNs) / 1e9, Number(source.mtimeNs) / 1e9);
    const stat = fs.fstatSync(fd, { bigint: true });
    return { hash, size, stamp: stampOf(stat), changedAt: Number(stat.ctimeMs), mode };
  };

  const copySmall = (from: string | Buffer, to: string | Buffer): DiskOutcome => {
    const source = fs.openSync(from, readFlags);
    try {
      const stat = fs.fstatSync(source, { bigint: true });
      if (!stat.isFile()) return { gone: true };
      const target = fs.openSync(to, "wx", (Number(stat.mode) & 0o777) | 0o200);
      try {
        const sum = crypto.createHash("sha256");
        const size = readAll(source, (piece) => {
          sum.update(piece);
          writeAll(target, piece);
        });
        return finish(target, stat, sum.digest("hex"), size);
      } finally {
        fs.closeSync(target);
      }
    } finally {
      fs.closeSync(source);
    }
  };

  /** Large files are cloned where the file system can; the copy is hashed, because the source may change meanwhile. */
  const copyLarge = (from: string | Buffer, to: string | Buffer): DiskOutcome => {
    const stat = fs.lstatSync(from, { bigint: true });
    if (!stat.isFile()) return { gone: true };
    fs.copyFileSync(from, to, fs.constants.COPYFILE_FICLONE | fs.constants.COPYFILE_EXCL);
    fs.chmodSync(to, (Number(stat.mode) & 0o7777) | 0o600);
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
