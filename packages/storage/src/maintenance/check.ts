import { sha256 } from "../blobs/hash.ts";
import { bytesOf } from "../blobs/libsql-blob-store.ts";
import type { Database } from "../database/database.ts";
import { row, rows } from "../database/work.ts";
import { inThread } from "./database-thread.ts";
import { blobsAfter, erasedPayloads, textFaults } from "./maintenance-statements.ts";
import type { CheckResult } from "./maintenance.ts";
import { integrity } from "./scrub-statements.ts";

/** Examines a database without changing it. SQLite's own check of a file runs in a thread, and looks into the text index, too. */
export async function check(database: Database, signal: AbortSignal | undefined): Promise<CheckResult> {
  const problems: string[] = [];
  const notes: string[] = [];
  const { file } = database;
  const found =
    file === undefined || file.path === ":memory:"
      ? await database.read(() => rows(integrity))
      : ((await inThread(file, [{ sql: integrity.sql }], signal))[0] ?? []);
  for (const [message] of found) if (message !== "ok") problems.push(String(message));
  const [missing, left] = (await database.read(() => row(textFaults))) ?? [];
  if (Number(missing) > 0) problems.push(`${String(missing)} memories are missing from the text index.`);
  if (Number(left) > 0) problems.push(`${String(left)} entries of the text index belong to no memory.`);
  for (let after = 0; ;) {
    signal?.throwIfAborted();
    const from = after;
    const page = await database.read(() => rows(blobsAfter, { after: from }));
    for (const [, hash, size, bytes] of page) {
      const content = bytesOf(bytes);
      if (content.byteLength !== size || sha256(content) !== hash)
        problems.push(`Blob ${String(hash)} does not have the bytes of its hash.`);
    }
    const last = page.at(-1);
    if (last === undefined) break;
    after = Number(last[0]);
  }
  const erased = Number((await database.read(() => row(erasedPayloads)))?.[0]);
  if (erased > 0) notes.push(`${erased} payloads of runs were erased.`);
  return { ok: problems.length === 0, problems, notes };
}
