import { createHash } from "node:crypto";
import { isMnemosyneError, type JournalAppend, type RunEventBody } from "@mnemosyne/core";
import { openStorage } from "@mnemosyne/storage";
import { beforeAll, expect, test } from "vitest";
import { start } from "./support/child.ts";
import { compiledPackage } from "./support/compiled-package.ts";
import { databases } from "./support/folder.ts";

const { fresh } = databases();

beforeAll(() => {
  compiledPackage();
}, 120_000);

const RUN = { runId: "r", name: "n", planHash: "h", plan: { tasks: [] } };
const note = (text: string): RunEventBody => ({ type: "note", text });
const append = (head: number, ...texts: string[]): JournalAppend => ({
  runId: "r",
  head,
  entries: texts.map((text) => ({ class: "observation", body: note(text) })),
});

test("processes that append to one run at once leave no gap and no double, and each key is closed once", async () => {
  const { url } = fresh();
  const storage = await openStorage(url);
  await storage.journal.createRun(RUN);
  const children = Array.from({ length: 3 }, (_, number) =>
    start(
      `
      const storage = await openStorage(arguments_[0]);
      const closed = new Set();
      let head = 0;
      let won = 0;
      say("ready");
      for (let key = 0; key < 60; ) {
        try {
          const appended = await storage.journal.append({
            runId: "r",
            head,
            entries: [
              { class: "input", body: { type: "note", text: "key " + key, by: arguments_[1] }, closes: "key:" + key },
              { class: "fact", body: { type: "note", text: "fact of " + key, by: arguments_[1] } },
            ],
          });
          head = appended.events.at(-1)?.seq ?? head;
          for (const event of appended.events) if (event.class === "input") closed.add(event.text);
          if (appended.outcome === "appended") won++;
        } catch (error) {
          if (error.code !== "E_STALE") throw error;
        }
        while (closed.has("key " + key)) key++;
      }
      say("won", won);
      await storage.close();
      `,
      [url, String(number)],
    ),
  );
  await Promise.all(children.map((child) => child.ended));
  const events = await storage.journal.read("r");
  expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: 120 }, (_, index) => index + 1));
  expect(
    events.filter((event) => event.class === "input").map((event) => event.type === "note" && event.text),
  ).toEqual(Array.from({ length: 60 }, (_, key) => `key ${key}`));
  // The fact stands right behind its input, by the same writer: an append is never torn.
  for (let index = 0; index < 120; index += 2)
    expect((events[index + 1] as { by?: string }).by).toBe((events[index] as { by?: string }).by);
  const times = events.map(({ at }) => Date.parse(at));
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  await storage.close();
}, 60_000);

test("a closed key refuses a second closing, and writes nothing of that append", async () => {
  const storage = await openStorage(":memory:");
  await storage.journal.createRun(RUN);
  const closing: JournalAppend = {
    runId: "r",
    head: 0,
    entries: [{ class: "input", body: note("one"), closes: "task:a:1" }],
  };
  await storage.journal.append(closing);
  const text = "payload of the refused";
  const hash = createHash("sha256").update(text).digest("hex");
  const late = storage.journal.append({
    ...closing,
    head: 1,
    entries: [{ class: "observation", body: note("first") }, ...closing.entries],
    payloads: [{ ref: { hash, bytes: text.length }, text }],
    run: { status: "failed" },
  });
  await expect(late).rejects.toMatchObject({ code: "E_STALE", path: "entries[1].closes" });
  expect(await storage.journal.head("r")).toBe(1);
  expect(await storage.journal.readPayload({ hash })).toBeUndefined();
  expect((await storage.journal.getRun("r"))?.status).toBe("pending");
  await storage.close();
});

test("time never falls within a run, whatever clocks say", async () => {
  const storage = await openStorage(":memory:");
  await storage.journal.createRun(RUN);
  const later = new Date(Date.now() + 3_600_000).toISOString();
  await storage.journal.append({
    runId: "r",
    head: 0,
    entries: [{ class: "input", body: note("from a clock that is ahead"), at: later }],
  });
  await storage.journal.append(append(1, "now"));
  await storage.journal.append({
    runId: "r",
    head: 2,
    entries: [{ class: "input", body: note("past"), at: "2020-01-01T00:00:00.000Z" }],
  });
  expect((await storage.journal.read("r")).map(({ at }) => at)).toEqual([later, later, later]);
  await storage.close();
});

test("payloads commit with the events that refer to them; a wrong hash is refused", async () => {
  const storage = await openStorage(":memory:");
  await storage.journal.createRun(RUN);
  const text = "ein Bericht\u0000mit allem 🙂";
  const ref = { hash: createHash("sha256").update(text).digest("hex"), bytes: Buffer.byteLength(text) };
  await storage.journal.append({ ...append(0, "x"), payloads: [{ ref, text }] });
  expect(await storage.journal.readPayload(ref)).toBe(text);
  const wrong = storage.journal.append({ ...append(1, "y"), payloads: [{ ref, text: "other" }] });
  await expect(wrong).rejects.toMatchObject({ code: "E_INPUT", path: "payloads[0].ref.hash" });
  expect(await storage.journal.head("r")).toBe(1);
  await storage.close();
});

test("many runs append at once in shared transactions, each with its own order", async () => {
  const { url } = fresh();
  const storage = await openStorage(url);
  const ids = Array.from({ length: 40 }, (_, number) => `run-${number}`);
  await Promise.all(ids.map((runId) => storage.journal.createRun({ ...RUN, runId })));
  await Promise.all(
    ids.map(async (runId, number) => {
      for (let head = 0; head < 5; head++)
        await storage.journal.append({
          ...append(head, `${number}/${head}`),
          runId,
          run: { status: "running" },
        });
    }),
  );
  for (const [number, runId] of ids.entries())
    expect((await storage.journal.read(runId)).map((event) => event.type === "note" && event.text)).toEqual(
      [0, 1, 2, 3, 4].map((head) => `${number}/${head}`),
    );
  expect(await storage.journal.listRuns({ status: ["running"], limit: 1000 })).toHaveLength(40);
  await storage.close();
});

test("what is wrong is refused before anything is written", async () => {
  const storage = await openStorage(":memory:");
  expect(await codeOf(storage.journal.append(append(0, "x")))).toBe("E_RUN_NOT_FOUND");
  expect(await codeOf(storage.journal.read("r"))).toBe("E_RUN_NOT_FOUND");
  expect(await codeOf(storage.journal.createRun({ ...RUN, runId: "no spaces" }))).toBe("E_INPUT");
  await storage.journal.createRun(RUN);
  expect(await codeOf(storage.journal.append(append(7, "x")))).toBe("E_CONFLICT");
  expect(await codeOf(storage.journal.append(append(-1, "x")))).toBe("E_INPUT");
  const twice = { class: "input", body: note("k"), closes: "k" } as const;
  expect(await codeOf(storage.journal.append({ runId: "r", head: 0, entries: [twice, twice] }))).toBe(
    "E_INPUT",
  );
  expect(await codeOf(storage.journal.listRuns({ limit: 0 }))).toBe("E_INPUT");
  expect(await storage.journal.head("r")).toBe(0);
  await storage.close();
});

async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "accepted";
  } catch (error) {
    return isMnemosyneError(error) ? error.code : String(error);
  }
}

test("a long journal is read whole, and a writer far behind catches up in steps", async () => {
  const storage = await openStorage({ url: ":memory:" });
  await storage.journal.createRun(RUN);
  const texts = Array.from({ length: 4500 }, (_, number) => `event ${number}`);
  await storage.journal.append(append(0, ...texts));
  const events = await storage.journal.read("r");
  expect(events.map((event) => event.type === "note" && event.text)).toEqual(texts);
  expect(await storage.journal.read("r", { after: 4400 })).toHaveLength(100);
  expect(await storage.journal.read("r", { limit: 2001 })).toHaveLength(2001);
  expect(await storage.journal.read("r", { after: 10, limit: 3, classes: ["observation"] })).toHaveLength(3);
  let head = 0;
  let steps = 0;
  for (;;) {
    const appended = await storage.journal.append(append(head, "last"));
    head = appended.events.at(-1)?.seq ?? head;
    steps++;
    if (appended.outcome === "appended") break;
  }
  expect([head, steps]).toEqual([4501, 4]);
  await storage.close();
});
