import { accessSync, constants, statSync } from "node:fs";
import path from "node:path";
import { MnemosyneError } from "@mnemosyne/core";

/** True for an error of SQLite's own whose code begins so, e.g. `SQLITE_BUSY`. */
export function isSqliteError(error: unknown, code = "SQLITE_"): error is Error & { readonly code: string } {
  return (
    error instanceof Error && "code" in error && typeof error.code === "string" && error.code.startsWith(code)
  );
}

/** True when another connection holds the database. */
export function isBusy(error: unknown): boolean {
  return isSqliteError(error, "SQLITE_BUSY") || isSqliteError(error, "SQLITE_LOCKED");
}

/** An error of the driver as ours; anything else as it is. */
export function fromSqlite(error: unknown): unknown {
  if (!isSqliteError(error)) return error;
  if (isBusy(error)) return busy(error);
  if (error.code.startsWith("SQLITE_FULL"))
    return new MnemosyneError(
      "E_STORAGE",
      `The disk that holds the database is full (${error.message}); free some space and call again.`,
      { kind: "unavailable", cause: error },
    );
  if (error.code.startsWith("SQLITE_NOTADB"))
    return new MnemosyneError(
      "E_STORAGE",
      "The file is no database, or it is encrypted with another key; name another file, or give the encryptionKey that it was made with.",
      { kind: "unavailable", retryable: false, path: "encryptionKey", cause: error },
    );
  if (error.code.startsWith("SQLITE_CONSTRAINT"))
    return new MnemosyneError("E_STORAGE", `The database refused the change: ${error.message}.`, {
      kind: "conflict",
      cause: error,
    });
  return new MnemosyneError("E_STORAGE", `The database cannot do this: ${error.message} (${error.code}).`, {
    kind: "unavailable",
    retryable: false,
    cause: error,
  });
}

/** The file could not be opened at all. */
export function notOpened(file: string, cause: unknown): MnemosyneError {
  return new MnemosyneError(
    "E_STORAGE",
    `The database '${file}' cannot be opened: ${whyNotOpened(file, cause)}.`,
    {
      kind: "unavailable",
      retryable: false,
      path: "url",
      cause,
    },
  );
}

function whyNotOpened(file: string, cause: unknown): string {
  const folder = path.dirname(file);
  if (!mayUse(folder, constants.W_OK | constants.X_OK) || !statSync(folder).isDirectory())
    return `its folder '${folder}' is missing or may not be written; make it, or give rights to it`;
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) return "it is a folder; name a file in it";
  if (found !== undefined && !mayUse(file, constants.R_OK | constants.W_OK))
    return "it may not be read and written; give rights to it";
  return cause instanceof Error ? cause.message : String(cause);
}

function mayUse(name: string, mode: number): boolean {
  try {
    accessSync(name, mode);
    return true;
  } catch {
    // That it throws is the answer.
    return false;
  }
}

/** An error of a remote database as ours. */
export function fromRemote(error: unknown): unknown {
  if (isSqliteError(error)) return fromSqlite(error);
  const message = error instanceof Error ? error.message : String(error);
  if (isSqliteError(error, "URL_") || isSqliteError(error, "ENCRYPTION_"))
    return new MnemosyneError("E_INPUT", `The database's URL is wrong: ${message}`, {
      kind: "input",
      path: "url",
      cause: error,
    });
  return new MnemosyneError(
    "E_UNAVAILABLE",
    `The database's server did not answer as it should (${message}); see that it can be reached and that the token is right.`,
    { kind: "unavailable", cause: error },
  );
}

/** The database stayed locked by somebody else. */
export function busy(cause: unknown): MnemosyneError {
  return new MnemosyneError(
    "E_STORAGE_BUSY",
    "Another process kept the database locked; nothing was written. Call again.",
    { kind: "unavailable", cause },
  );
}

/** The commit failed in a way that leaves open whether it reached the disk. */
export function commitUnknown(cause: unknown): MnemosyneError {
  return new MnemosyneError(
    "E_COMMIT_UNKNOWN",
    `The commit failed (${cause instanceof Error ? cause.message : String(cause)}); the change may or may not be there. Read before you repeat it.`,
    { kind: "unavailable", retryable: false, cause },
  );
}

/** The storage was closed. */
export function closed(): MnemosyneError {
  return new MnemosyneError("E_CLOSED", "This storage is closed; open it again.", {
    kind: "unavailable",
    retryable: false,
  });
}
