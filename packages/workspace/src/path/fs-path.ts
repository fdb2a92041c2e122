const ESCAPED_BYTE = /[\udc80-\udcff]/u;

/**
 * A name as the file system has it, as a string: bytes that are not UTF-8 become lone surrogates (byte 0x80 is
 * U+DC80), so that every name survives `JSON` and comes back as the same bytes.
 */
export function decodeName(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  if (!text.includes("\ufffd")) return text;
  let name = "";
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at);
    if (length === 0) {
      name += String.fromCharCode(0xdc00 + (bytes[at] ?? 0));
      at += 1;
    } else {
      name += Buffer.from(bytes.subarray(at, at + length)).toString("utf8");
      at += length;
    }
  }
  return name;
}

/** Length of the valid UTF-8 sequence that begins at `at`; 0 where there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  const length =
    first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  const text = Buffer.from(bytes.subarray(at, at + length)).toString("utf8");
  const wellFormed = Buffer.from(text, "utf8").equals(bytes.subarray(at, at + length));
  return wellFormed ? length : 0;
}

/** The opposite of {@link decodeName}, for hashing. */
export function encodeName(name: string): Buffer {
  if (!ESCAPED_BYTE.test(name)) return Buffer.from(name, "utf8");
  const parts: Buffer[] = [];
  let plain = "";
  for (const char of name) {
    const code = char.charCodeAt(0);
    if (char.length === 1 && code >= 0xdc80 && code <= 0xdcff) {
      parts.push(Buffer.from(plain, "utf8"), Buffer.from([code - 0xdc00]));
      plain = "";
    } else {
      plain += char;
    }
  }
  parts.push(Buffer.from(plain, "utf8"));
  return Buffer.concat(parts);
}

/** A path in the form that `node:fs` takes: the string itself, or bytes where the string cannot say them. */
export function fsPath(path: string): string | Buffer {
  return ESCAPED_BYTE.test(path) ? encodeName(path) : path;
}

/** Order of paths: by UTF-16 code unit, so that it does not depend on a locale. */
export function comparePaths(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The folder of a relative path; empty for the top. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}
