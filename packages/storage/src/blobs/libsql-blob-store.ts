import { MnemosyneError, type BlobStore } from "@mnemosyne/core";
import type { Database } from "../database/database.ts";
import { row, run } from "../database/work.ts";
import { getBlob, hasBlob, putBlob } from "./blob-statements.ts";
import { sha256 } from "./hash.ts";

/** One blob is one row and one write transaction, so its size is bounded. */
const LARGEST = 64 * 1024 * 1024;
const HASH = /^[0-9a-f]{64}$/;

/** Blobs as rows of the database. */
export class LibsqlBlobStore implements BlobStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Throws `E_INPUT` above 64 MiB. */
  async put(bytes: Uint8Array): Promise<string> {
    if (!(bytes instanceof Uint8Array) || bytes.byteLength > LARGEST)
      throw new MnemosyneError("E_INPUT", "A blob must be a Uint8Array of at most 64 MiB.", {
        kind: "input",
        path: "bytes",
      });
    // Copied: the caller may change its bytes before they are written, and the driver binds a view's whole buffer.
    const copy = Buffer.from(bytes);
    const hash = sha256(copy);
    await this.#database.write(() => run(putBlob, { hash, size: copy.byteLength, bytes: copy }));
    return hash;
  }

  async get(hash: string): Promise<Uint8Array> {
    const found = await this.#database.read(() => row(getBlob, { hash: checkHash(hash) }));
    if (found === undefined)
      throw new MnemosyneError(
        "E_BLOB_GONE",
        `There is no blob ${hash}; it was never stored or has been collected.`,
        {
          kind: "notFound",
          path: "hash",
        },
      );
    return bytesOf(found[0]);
  }

  async has(hash: string): Promise<boolean> {
    return (await this.#database.read(() => row(hasBlob, { hash: checkHash(hash) }))) !== undefined;
  }
}

/** A blob cell as plain bytes: drivers give a Buffer or an ArrayBuffer. */
export function bytesOf(cell: unknown): Uint8Array {
  if (cell instanceof ArrayBuffer) return new Uint8Array(cell);
  if (cell instanceof Uint8Array) return new Uint8Array(cell.buffer, cell.byteOffset, cell.byteLength);
  return new Uint8Array(0);
}

function checkHash(hash: string): string {
  if (HASH.test(hash)) return hash;
  throw new MnemosyneError("E_INPUT", `'${hash}' is not a SHA-256 in lower-case hex.`, {
    kind: "input",
    path: "hash",
  });
}
