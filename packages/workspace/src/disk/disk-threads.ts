import crypto from "node:crypto";
import fs from "node:fs";
import { availableParallelism } from "node:os";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { MnemosyneError } from "@mnemosyne/core";
import { createDiskWork, type DiskJob, type DiskOutcome } from "./disk-work.ts";

/** Below this many files, starting a thread costs more than it saves. */
const INLINE_FILES = 300;
const INLINE_BYTES = 8 << 20;
const BATCH_FILES = 128;
const BATCH_BYTES = 4 << 20;
const THREADS = 4;

/**
 * Hashes files, or copies and hashes them, and gives the outcomes in the same order. A few files are done here, in
 * pieces that leave the event loop free; many in threads. At most a few batches are in flight. Throws `E_CANCELLED`.
 */
export async function runDiskJob(job: DiskJob, signal?: AbortSignal): Promise<readonly DiskOutcome[]> {
  throwIfCancelled(signal);
  const batches = batchesOf(job);
  const bytes = job.files.reduce((sum, file) => sum + file.size, 0);
  const many = job.files.length > INLINE_FILES || bytes > INLINE_BYTES;
  const outcomes = many ? await inThreads(batches, signal) : await inline(batches, signal);
  return outcomes.flat();
}

function batchesOf(job: DiskJob): DiskJob[] {
  const batches: DiskJob[] = [];
  let files: DiskJob["files"][number][] = [];
  let bytes = 0;
  for (const file of job.files) {
    files.push(file);
    bytes += file.size;
    if (files.length >= BATCH_FILES || bytes >= BATCH_BYTES) {
      batches.push({ ...job, files });
      files = [];
      bytes = 0;
    }
  }
  if (files.length > 0) batches.push({ ...job, files });
  return batches;
}

async function inline(
  batches: readonly DiskJob[],
  signal: AbortSignal | undefined,
): Promise<DiskOutcome[][]> {
  const work = createDiskWork(fs, crypto);
  const outcomes: DiskOutcome[][] = [];
  for (const batch of batches) {
    const batchOutcomes: DiskOutcome[] = [];
    for (let at = 0; at < batch.files.length; at += 16) {
      batchOutcomes.push(...work({ ...batch, files: batch.files.slice(at, at + 16) }));
      await nextTurn();
      throwIfCancelled(signal);
    }
    outcomes.push(batchOutcomes);
  }
  return outcomes;
}

async function inThreads(
  batches: readonly DiskJob[],
  signal: AbortSignal | undefined,
): Promise<DiskOutcome[][]> {
  const outcomes: DiskOutcome[][] = [];
  let next = 0;
  const count = Math.min(THREADS, Math.max(1, availableParallelism()), batches.length);
  const threads = Array.from({ length: count }, () => new Worker(THREAD_SOURCE, { eval: true }));
  const stop = (): void => {
    for (const thread of threads) void thread.terminate();
  };
  signal?.addEventListener("abort", stop, { once: true });
  try {
    await Promise.all(
      threads.map(
        (thread) =>
          new Promise<void>((resolve, reject) => {
            const feed = (): void => {
              const index = next;
              next += 1;
              const batch = batches[index];
              if (batch === undefined) {
                resolve();
                return;
              }
              thread.once("message", (result: DiskOutcome[]) => {
                outcomes[index] = result;
                feed();
              });
              // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
              thread.postMessage(batch);
            };
            thread.once("error", reject);
            thread.once("exit", () => reject(signal?.aborted ? cancelled(signal) : threadEnded()));
            feed();
          }),
      ),
    );
  } finally {
    signal?.removeEventListener("abort", stop);
    // A file must not be written any more once this has returned.
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
  return outcomes;
}

const THREAD_SOURCE = `
const { parentPort } = require("node:worker_threads");
const work = (${createDiskWork.toString()})(require("node:fs"), require("node:crypto"));
parentPort.on("message", (job) => parentPort.postMessage(work(job)));
`;

function threadEnded(): MnemosyneError {
  return new MnemosyneError("E_INTERNAL", "A thread that copied files ended too early. Try again.", {
    kind: "internal",
  });
}

/** Throws `E_CANCELLED` once the signal has fired. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled(signal);
}

function cancelled(signal: AbortSignal): MnemosyneError {
  return new MnemosyneError("E_CANCELLED", "The work on the files was cancelled.", {
    kind: "cancelled",
    cause: signal.reason,
  });
}
