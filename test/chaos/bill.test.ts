import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openStorage, type Storage } from "@mnemosyne/storage";
import { startMessagesServer, type MessagesServer, type Script } from "@mnemosyne/testkit";
import { expect, test } from "vitest";
import { BillWorker } from "./bill-worker.ts";

// More of it: MNEMOSYNE_BILL_ROUNDS (kills), MNEMOSYNE_BILL_TOKENS (the budget).
const ROUNDS = Number(process.env["MNEMOSYNE_BILL_ROUNDS"] ?? 4);
const TOKENS = Number(process.env["MNEMOSYNE_BILL_TOKENS"] ?? 20_000);
const SAMPLE_MS = 15;

const FAULTS = ["drop", "truncate", "garbage", "endEarly"] as const;

/** Answers well, badly, late, or not at all; half of what is lost on the way was made, and is charged. */
const script: Script = {
  name: "faults",
  turns: [
    (_request, number) => {
      const way = (number * 7) % 16;
      if (way === 0) return { error: { status: 529, retryAfterMs: 1 } };
      if (way === 1) return { error: { status: 400 } };
      const fault = FAULTS[way - 2];
      return {
        text: "An answer of some length, to be paid for. ".repeat(1 + (number % 4)),
        delayMs: (number % 5) * 20,
        ...(fault === undefined ? {} : { fault }),
      };
    },
  ],
};

const charged = ({ bill }: MessagesServer): number =>
  bill.inputTokens + bill.outputTokens + bill.cacheReadTokens + bill.cacheWriteTokens;

/** Bill first, books second: what was sent before the bill grew is in the books by then. */
async function look(server: MessagesServer, storage: Storage) {
  const bill = { tokens: charged(server), calls: server.bill.calls };
  const balance = await storage.ledger.balance("run");
  if (balance === undefined) throw new Error("The run has no account.");
  return { bill, balance };
}

test("the server's bill is never above the books, nor the books above the limit, whatever is killed or stopped", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "mnemosyne-bill-"));
  const url = `file:${path.join(folder, "books.db")}`;
  const server = await startMessagesServer(script);
  const storage = await openStorage(url);
  await storage.ledger.open({ id: "run", limit: { tokens: TOKENS } });
  for (const name of ["a", "b"]) await storage.ledger.open({ id: `run/${name}`, parent: "run", limit: {} });
  const workers = ["a", "b"].map((name) => new BillWorker(url, server.url, name, 4));
  let samples = 0;
  const watching = new AbortController();
  const watch = async (): Promise<void> => {
    while (!watching.signal.aborted) {
      const { bill, balance } = await look(server, storage);
      const books = balance.settled.tokens + balance.reserved.tokens;
      expect(bill.tokens).toBeLessThanOrEqual(books);
      expect(bill.calls).toBeLessThanOrEqual(balance.settled.calls + balance.reserved.calls);
      expect(books).toBeLessThanOrEqual(TOKENS);
      samples++;
      await sleep(SAMPLE_MS);
    }
  };
  const watched = watch();
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const victim = workers[round % 2];
      const other = workers[(round + 1) % 2];
      await sleep(400 + ((round * 137) % 300));
      other?.signal("SIGSTOP");
      await victim?.kill();
      // Its worker is gone: what it had sent counts in full.
      await storage.ledger.presume(`run/${victim?.name}`);
      await sleep(60);
      other?.signal("SIGCONT");
      victim?.restart();
    }
    await Promise.race([
      watched,
      (async () => {
        while (workers.some((worker) => !worker.done && worker.failure === undefined)) await sleep(20);
      })(),
    ]);
    expect(workers.flatMap(({ failure }) => failure ?? [])).toEqual([]);
    // Replies that nobody waits for any more are made all the same.
    while (server.requests.some(({ outcome }) => outcome === "open")) await sleep(10);
    watching.abort();
    await watched;
    await storage.ledger.presume("run");

    const { bill, balance } = await look(server, storage);
    const calls = await storage.ledger.calls("run");
    const sum = (list: readonly { readonly tokens: number }[]): number =>
      list.reduce((total, { tokens }) => total + tokens, 0);
    const settled = calls.flatMap(({ actual }) => actual ?? []);
    const presumed = calls.filter(({ state }) => state === "presumed").map(({ amount }) => amount);
    // Call by call: every call is known or presumed, and they add up to the books.
    expect(calls.filter(({ state }) => state === "held" || state === "sent")).toEqual([]);
    expect([sum(settled), sum(presumed)]).toEqual([balance.settled.tokens, balance.reserved.tokens]);
    expect(calls.filter(({ breached }) => breached)).toEqual([]);
    // What the server charged beyond what is settled belongs to calls whose answer never came, each within its reservation.
    const unknown = bill.tokens - sum(settled);
    const unknownCalls = bill.calls - settled.filter(({ tokens }) => tokens > 0).length;
    expect(unknown).toBeGreaterThanOrEqual(0);
    expect(unknown).toBeLessThanOrEqual(sum(presumed));
    expect(unknownCalls).toBeGreaterThan(0);
    expect(unknownCalls).toBeLessThanOrEqual(presumed.length);
    expect(samples).toBeGreaterThan(20);
    if (process.env["MNEMOSYNE_BILL_ROUNDS"] !== undefined)
      console.log(
        `${samples} samples, ${calls.length} calls, bill ${bill.tokens}, settled ${sum(settled)}, presumed ${sum(presumed)} of ${TOKENS}`,
      );
  } finally {
    watching.abort();
    for (const worker of workers) {
      worker.signal("SIGCONT");
      await worker.kill();
    }
    await storage.close();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}, 120_000);
