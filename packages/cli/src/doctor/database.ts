import { existsSync } from "node:fs";
import { access, constants, statfs } from "node:fs/promises";
import path from "node:path";
import { isMnemosyneError } from "@mnemosyne/core";
import { openStorage, type Storage } from "@mnemosyne/storage";
import type { Settings } from "../settings.ts";
import { messageOf, note, ok, problem, type Diagnosis } from "./diagnosis.ts";
import { openedBy } from "./opened-by.ts";

/** Milliseconds to wait for the write lock before somebody is said to keep it. */
const PATIENCE = 1500;
const LEAST_BYTES = 200 * 1024 * 1024;

/** Whether the database can be opened, read and written, and what stands in it. One that is not there yet is not made. */
export async function checkDatabase({ url, authToken }: Settings): Promise<readonly Diagnosis[]> {
  const file = url.startsWith("file:") ? url.slice("file:".length) : undefined;
  if (file !== undefined) {
    const place = await checkPlace(file);
    if (place !== undefined) return [place];
  }
  let storage: Storage | undefined;
  try {
    storage = await openStorage({
      url,
      busyTimeout: PATIENCE,
      retention: false,
      ...(authToken === undefined ? {} : { authToken }),
    });
    return [await checkContents(storage, url), await checkLock(storage, file), ...(await checkRuns(storage))];
  } catch (error) {
    return [await explained(error, url, file)];
  } finally {
    await storage?.close();
  }
}

/** What is wrong with where the file lies; or that there is nothing to open. */
async function checkPlace(file: string): Promise<Diagnosis | undefined> {
  let folder = path.dirname(file);
  while (!existsSync(folder)) folder = path.dirname(folder);
  try {
    await access(folder, constants.W_OK | constants.X_OK);
    if (existsSync(file)) await access(file, constants.R_OK | constants.W_OK);
  } catch (error) {
    return problem(
      "database",
      `${existsSync(file) ? file : folder} cannot be written: ${messageOf(error)}.`,
      "Make file and folder yours to write (chown, chmod), or name another with --db or MNEMOSYNE_DB.",
    );
  }
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < LEAST_BYTES)
    return problem(
      "database",
      `The disk of ${folder} has ${Math.round((bavail * bsize) / 1_000_000)} MB left.`,
      "Make room, or name a database elsewhere with --db or MNEMOSYNE_DB.",
    );
  return existsSync(file) ? undefined : note("database", `There is none yet; the first use makes ${file}.`);
}

async function checkContents(storage: Storage, url: string): Promise<Diagnosis> {
  const { ok: sound, problems } = await storage.maintenance.check();
  if (!sound)
    return problem(
      "database",
      `${url} is damaged: ${problems.join(" ")}`,
      "Keep a copy, then 'mnemosyne export' what can be read and import it into a new database; or take your last backup.",
    );
  const [{ to }, { totalMemories }] = await Promise.all([storage.maintenance.migrate(), storage.getStats()]);
  return ok("database", `${url}: schema version ${to}, ${totalMemories} memories, sound.`);
}

/** A write that changes nothing: it needs the same lock as any other. */
async function checkLock(storage: Storage, file: string | undefined): Promise<Diagnosis> {
  try {
    await storage.settlePending("doctor", undefined, "discard");
  } catch (error) {
    if (isMnemosyneError(error) && error.code === "E_STORAGE_BUSY") return await heldLock(file);
    throw error;
  }
  const leases = await storage.coordination.leases();
  return ok("locks", `The write lock is free; ${leases.length} leases are held.`);
}

async function heldLock(file: string | undefined): Promise<Diagnosis> {
  const holders = file === undefined ? [] : await openedBy(file);
  const who = holders.length === 0 ? "Another process" : holders.join(", ");
  return problem(
    "locks",
    `${who} keeps the database locked: nothing can be written.`,
    holders.length === 0
      ? "Find it with 'fuser' on the file and end it if it hangs; the lock goes with it."
      : "End it if it hangs (kill PID); the lock goes with it, and what it had begun is undone.",
  );
}

async function checkRuns(storage: Storage): Promise<readonly Diagnosis[]> {
  const runs = await storage.journal.listRuns({ status: ["running", "paused"], limit: 100 });
  const leases = await storage.coordination.leases();
  const held = (runId: string): boolean =>
    leases.some(({ resources }) => resources.some((resource) => resource.includes(runId)));
  const left = runs.filter(({ status, runId }) => status === "running" && !held(runId));
  const waiting = runs.filter(({ status }) => status === "paused");
  if (left.length > 0)
    return [
      note(
        "runs",
        `${left.length} runs are carried by no process: ${left.map(({ runId }) => runId).join(", ")}.`,
        `mnemosyne resume ${left[0]?.runId ?? "RUN"}`,
      ),
    ];
  return waiting.length === 0
    ? [ok("runs", "None waits.")]
    : [
        note(
          "runs",
          `${waiting.length} runs wait for a person: ${waiting.map(({ runId }) => runId).join(", ")}.`,
          `mnemosyne show ${waiting[0]?.runId ?? "RUN"}`,
        ),
      ];
}

async function explained(error: unknown, url: string, file: string | undefined): Promise<Diagnosis> {
  const code = isMnemosyneError(error) ? error.code : undefined;
  if (code === "E_STORAGE_BUSY") return await heldLock(file);
  const message = `${url} cannot be used: ${messageOf(error)}`;
  if (code === "E_SCHEMA_NEWER")
    return problem("schema", message, "Update mnemosyne (npm install -g @mnemosyne/cli@latest).");
  if (file !== undefined)
    return problem(
      "database",
      message,
      "Look whether the file is a database of mnemosyne; move it away, or take your last backup.",
    );
  return problem("database", message, "Look at the URL, TURSO_AUTH_TOKEN and the network.");
}
