import { constants, existsSync } from "node:fs";
import { link, mkdir, open, rm, stat } from "node:fs/promises";
import path from "node:path";
import { MnemosyneError } from "@mnemosyne/core";
import type { Database } from "../database/database.ts";
import { inputError } from "../input.ts";
import { inThread } from "./database-thread.ts";

/** Copies a database by SQLite's own means to a file beside the wanted one, which then gets its name in one step. */
export async function backup(
  database: Database,
  target: string,
): Promise<{ readonly file: string; readonly bytes: number }> {
  if (typeof target !== "string" || target === "") throw inputError("file", "must name a file");
  const { file } = database;
  if (file === undefined)
    throw new MnemosyneError(
      "E_UNAVAILABLE",
      "A remote database is backed up by its server; export its memories instead.",
      { kind: "unavailable", retryable: false },
    );
  const wanted = path.resolve(target);
  if (existsSync(wanted)) throw taken(wanted);
  const partial = `${wanted}.${process.pid}.partial`;
  let begun = false;
  try {
    await mkdir(path.dirname(wanted), { recursive: true });
    await rm(partial, { force: true });
    begun = true;
    if (file.path === ":memory:") file.copyTo(partial);
    else await inThread(file, [{ sql: "VACUUM INTO ?", parameters: [partial] }]);
    await flush(partial, constants.O_RDWR);
    await link(partial, wanted);
    await flush(path.dirname(wanted), constants.O_RDONLY);
    return { file: wanted, bytes: (await stat(wanted)).size };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "EEXIST") throw taken(wanted);
    if (code === undefined || !/^E[A-Z]+$/.test(code)) throw error;
    throw new MnemosyneError("E_STORAGE", `The backup '${wanted}' cannot be written: ${String(error)}.`, {
      kind: "unavailable",
      path: "file",
      cause: error,
    });
  } finally {
    if (begun) await rm(partial, { force: true });
  }
}

async function flush(name: string, flags: number): Promise<void> {
  const handle = await open(name, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function taken(file: string): MnemosyneError {
  return inputError("file", `names '${file}', which is there already; a backup overwrites nothing`);
}
