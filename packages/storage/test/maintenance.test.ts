import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import Database from "libsql";
import { openStorage, type Storage } from "@mnemosyne/storage";
import { beforeAll, describe, expect, test } from "vitest";
import { start } from "./support/child.ts";
import { compiledPackage } from "./support/compiled-package.ts";
import { databases } from "./support/folder.ts";

const { fresh } = databases();
beforeAll(() => {
  compiledPackage();
}, 120_000);

const DAY = 86_400_000;
const note = (text: string): never => ({ type: "note", text }) as never;

/** Turns the clock of what is stored back. */
function ageing(file: string, text: string): void {
  const database = new Database(file, { timeout: 2000 });
  database.exec(text);
  database.close();
}

function payload(text: string) {
  const hash = createHash("sha256").update(text).digest("hex");
  return { hash, given: { ref: { hash, bytes: text.length } as never, text } };
}

/** A run with an input that names one payload, and observations that name another. */
async function finishedRun(storage: Storage, runId: string): Promise<{ output: string; seen: string }> {
  const output = payload(`the output of ${runId}`);
  const seen = payload(`what was seen in ${runId}`);
  await storage.journal.createRun({ runId, name: runId, planHash: "h", plan: {} });
  await storage.journal.append({
    runId,
    head: 0,
    entries: [
      { class: "input", body: note(`result ${output.hash}`), closes: "a" },
      ...Array.from({ length: 30 }, (_, index) => ({
        class: "observation" as const,
        body: note(`saw ${index} ${seen.hash}`),
      })),
      { class: "input", body: note("end"), closes: "b" },
      { class: "observation", body: note("last word") },
    ],
    payloads: [output.given, seen.given],
    run: { status: "completed", finishedAt: new Date(Date.now() - 40 * DAY) },
  });
  return { output: output.hash, seen: seen.hash };
}

describe("prune", () => {
  test("drops old observations and what only they named; a run can still go on", async () => {
    const { url, file } = fresh();
    const storage = await openStorage(url);
    const old = await finishedRun(storage, "old");
    await finishedRun(storage, "kept-for-ever");
    ageing(
      file,
      `UPDATE blobs SET touched_at = touched_at - 2 * ${DAY};
       UPDATE runs SET finished_at = finished_at + 30 * ${DAY} WHERE run_id = 'kept-for-ever'`,
    );
    const told = await storage.maintenance.prune({ dryRun: true });
    expect(told.observations).toBe(30);
    expect(await storage.journal.read("old")).toHaveLength(33);
    const done = await storage.maintenance.prune();
    expect(done).toMatchObject({ observations: 30, payloads: 1, blobs: 1 });
    expect((await storage.journal.read("old")).map(({ seq }) => seq)).toEqual([1, 32, 33]);
    expect(await storage.journal.head("old")).toBe(33);
    expect(await storage.journal.readPayload({ hash: old.output })).toBe("the output of old");
    expect(await storage.journal.readPayload({ hash: old.seen })).toBeUndefined();
    expect(await storage.journal.read("kept-for-ever")).toHaveLength(33);
    expect(
      await storage.journal.append({
        runId: "old",
        head: 33,
        entries: [{ class: "input", body: note("again") }],
      }),
    ).toMatchObject({ outcome: "appended", events: [{ seq: 34 }] });
    expect(await storage.maintenance.prune()).toMatchObject({ observations: 1, payloads: 0, blobs: 0 });
    await storage.close();
  });

  test("old history, expired memories and links that lead nowhere go; a forgotten memory is kept until then", async () => {
    const { url, file } = fresh();
    const storage = await openStorage(url);
    const id = await storage.store({ content: "once" });
    const other = await storage.store({ content: "other" });
    await storage.link(other, id);
    await storage.forget(id);
    const expired = await storage.store({ content: "gone off", expiresAt: new Date(Date.now() + 30) });
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
    expect(await storage.maintenance.prune()).toMatchObject({ expiredMemories: 1, changes: 0, links: 0 });
    expect(await storage.history(expired)).toEqual([]);
    await storage.restore(id);
    await storage.forget(id);
    ageing(file, `UPDATE memory_changes SET at = at - 366 * ${DAY}`);
    expect(await storage.maintenance.prune({ history: false })).toMatchObject({ changes: 0 });
    expect(await storage.maintenance.prune({ history: 400 })).toMatchObject({ changes: 0 });
    expect(await storage.maintenance.prune()).toMatchObject({ changes: 4, links: 1 });
    await expect(storage.restore(id)).rejects.toMatchObject({ code: "E_MEMORY_NOT_FOUND" });
    expect(await storage.get(other)).toBeDefined();
    await expect(storage.maintenance.prune({ history: -1 })).rejects.toMatchObject({
      path: "retention.history",
    });
    await storage.close();
  });

  test("a blob stays while a run or a memory's metadata names it, and while it is young", async () => {
    const { url, file } = fresh();
    const storage = await openStorage(url);
    const put = (text: string): Promise<string> => storage.blobs.put(new TextEncoder().encode(text));
    const [named, loose, young] = [await put("named"), await put("loose"), await put("young")];
    const id = await storage.store({ content: "with a file", metadata: { files: [{ blob: named }] } });
    ageing(file, `UPDATE blobs SET touched_at = touched_at - 2 * ${DAY} WHERE hash <> '${young}'`);
    expect(await storage.maintenance.prune({ dryRun: true })).toMatchObject({ blobs: 1, blobBytes: 5 });
    expect(await storage.maintenance.prune()).toMatchObject({ blobs: 1, blobBytes: 5 });
    expect([
      await storage.blobs.has(named),
      await storage.blobs.has(loose),
      await storage.blobs.has(young),
    ]).toEqual([true, false, true]);
    await expect(storage.blobs.get(loose)).rejects.toMatchObject({ code: "E_BLOB_GONE" });
    await storage.update(id, { metadata: {} });
    expect(await storage.maintenance.prune()).toMatchObject({ blobs: 1 });
    expect(await storage.blobs.has(named)).toBe(false);
    await storage.close();
  });

  test("happens by itself once a day, in one process, unless it was turned off", async () => {
    const { url, file } = fresh();
    let storage = await openStorage(url);
    const { prunedAt } = await storage.maintenance.stats();
    expect(Math.abs(prunedAt.getTime() - Date.now())).toBeLessThan(60_000);
    await storage.blobs.put(new TextEncoder().encode("loose"));
    await storage.close();
    ageing(file, `UPDATE blobs SET touched_at = 0; UPDATE upkeep SET at = at - ${DAY}`);
    storage = await openStorage({ url, retention: false });
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
    expect((await storage.maintenance.stats()).rows.blobs).toBe(1);
    await storage.close();
    storage = await openStorage(url);
    await expect.poll(async () => (await storage.maintenance.stats()).rows.blobs, { timeout: 5000 }).toBe(0);
    await expect
      .poll(async () => (await storage.maintenance.stats()).prunedAt.getTime(), { timeout: 5000 })
      .toBeGreaterThan(prunedAt.getTime() - 1);
    await storage.close();
  });
});

test("stats count what there is", async () => {
  const { url } = fresh();
  const storage = await openStorage(url);
  const [a = "", b = ""] = await storage.storeMany([{ content: "a" }, { content: "b" }]);
  await storage.link(a, b);
  await storage.update(a, { supersededBy: b });
  await finishedRun(storage, "r");
  const stats = await storage.maintenance.stats();
  expect(stats).toMatchObject({
    rows: {
      memories: 2,
      superseded: 1,
      archived: 0,
      links: 1,
      changes: 2,
      runs: 1,
      events: 33,
      observations: 31,
      blobs: 2,
      unreferencedBlobs: 0,
    },
    retention: { observations: 30, history: 365 },
  });
  expect(stats.bytes).toBeGreaterThan(100_000);
  expect(stats.logBytes).toBeGreaterThan(0);
  expect(await storage.maintenance.migrate()).toEqual({ from: 0, to: stats.schemaVersion });
  await storage.close();
});

describe("backup", () => {
  test.each([undefined, "a key"])(
    "copies a database that is being written (key: %s)",
    async (encryptionKey) => {
      const { url, file } = fresh();
      const options = encryptionKey === undefined ? { url } : { url, encryptionKey };
      const storage = await openStorage(options);
      await storage.storeMany(
        Array.from({ length: 1000 }, (_, index) => ({ content: `memory ${index} walrus` })),
      );
      const stop = new AbortController();
      let stored = 1000;
      const writer = (async () => {
        while (!stop.signal.aborted) {
          await storage.store({ content: "meanwhile" });
          stored++;
        }
      })();
      const before = stored;
      const target = path.join(path.dirname(file), "kept", "copy.db");
      const made = await storage.maintenance.backup(target);
      const after = stored + 1;
      stop.abort();
      await writer;
      expect(made).toEqual({ file: target, bytes: expect.any(Number) });
      expect(readFileSync(target).includes("walrus")).toBe(encryptionKey === undefined);
      const copy = await openStorage({ ...options, url: `file:${target}` });
      const { totalMemories } = await copy.getStats();
      expect(totalMemories).toBeGreaterThanOrEqual(before);
      expect(totalMemories).toBeLessThanOrEqual(after);
      expect(await copy.maintenance.check()).toEqual({ ok: true, problems: [], notes: [] });
      await copy.close();
      await expect(storage.maintenance.backup(target)).rejects.toMatchObject({
        code: "E_INPUT",
        path: "file",
      });
      await storage.close();
    },
  );

  test("of memory, too; what cannot be written leaves nothing behind", async () => {
    const { file } = fresh();
    const storage = await openStorage(":memory:");
    await storage.store({ content: "in memory" });
    await storage.maintenance.backup(file);
    const copy = await openStorage(`file:${file}`);
    expect(await copy.search("memory")).toHaveLength(1);
    await copy.close();
    const inFile = path.join(file, "below", "copy.db");
    await expect(storage.maintenance.backup(inFile)).rejects.toMatchObject({
      code: "E_STORAGE",
      path: "file",
    });
    await storage.close();
  });

  test("neither it nor a check blocks the event loop", async () => {
    const { url, file } = fresh();
    const storage = await openStorage({ url, synchronous: "normal" });
    const text = "lorem ipsum dolor sit amet ".repeat(100);
    for (let round = 0; round < 4; round++)
      await storage.storeMany(
        Array.from({ length: 300 }, (_, index) => ({ content: `${round} ${index} ${text}` })),
      );
    let longest = 0;
    let last = performance.now();
    const clock = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    const began = performance.now();
    await storage.maintenance.backup(`${file}.copy`);
    expect(await storage.maintenance.check()).toMatchObject({ ok: true });
    const took = performance.now() - began;
    clearInterval(clock);
    await storage.close();
    // A shared machine stalls now and then; that SQLite's work is done elsewhere shows in the share.
    expect(longest).toBeLessThan(Math.max(50, took / 2));
  });
});

test("a check finds what is broken", async () => {
  const { url, file } = fresh();
  const storage = await openStorage(url);
  await storage.storeMany([{ content: "one" }, { content: "two" }]);
  await storage.blobs.put(new TextEncoder().encode("whole"));
  expect(await storage.maintenance.check()).toEqual({ ok: true, problems: [], notes: [] });
  ageing(file, "DELETE FROM memory_text WHERE rowid = 1; UPDATE blobs SET bytes = x'00'");
  const found = await storage.maintenance.check();
  expect(found.ok).toBe(false);
  expect(found.problems.join("\n")).toMatch(/1 memories are missing from the text index/);
  expect(found.problems.join("\n")).toMatch(/Blob [0-9a-f]{64} does not have the bytes/);
  await storage.close();
});

describe("databases of earlier versions", () => {
  function old(version: number): { readonly url: string; readonly file: string } {
    const at = fresh();
    writeFileSync(
      at.file,
      gunzipSync(readFileSync(new URL(`fixtures/schema-${version}.db.gz`, import.meta.url))),
    );
    return at;
  }
  const VERSIONS = readdirSync(new URL("fixtures/", import.meta.url))
    .flatMap((name) => /^schema-(\d+)\.db\.gz$/.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((a, b) => a - b);

  test("there is a file of every version", async () => {
    const storage = await openStorage(fresh().url);
    const { schemaVersion } = await storage.maintenance.stats();
    await storage.close();
    expect(VERSIONS).toEqual(Array.from({ length: schemaVersion }, (_, index) => index + 1));
  });

  test.each(VERSIONS)("version %i opens, keeps everything, and does what new ones do", async (version) => {
    const { url, file } = old(version);
    const storage = await openStorage(url);
    expect(await storage.maintenance.migrate()).toMatchObject({ from: version });
    const { totalMemories, byNamespace } = await storage.getStats();
    expect({ totalMemories, byNamespace }).toEqual({
      totalMemories: 39,
      byNamespace: { global: 13, "project:port": 13, "session:port:one": 13 },
    });
    const id = "019340a0-7c1e-7a2b-8f00-000000000003";
    expect(await storage.get(id)).toMatchObject({
      content: "Fact 3 has changed: the crane is blue.",
      importance: 9,
      version: 2,
      trust: "observed",
      metadata: { number: 3 },
      keywords: ["port", "word3"],
      createdAt: new Date("2026-01-04T00:00:00Z"),
    });
    expect((await storage.search("blue crane")).map((hit) => hit.id)).toEqual([id]);
    expect(await storage.search("Ann", { namespace: "session:port:one", limit: 50 })).toHaveLength(8);
    expect((await storage.journal.read("run-1")).map(({ type }) => type)).toEqual([
      "run.cancelled",
      "memory.stored",
    ]);
    await storage.update(id, { content: "and now green" }, { by: "Ann" });
    expect(await storage.history(id)).toHaveLength(version < 3 ? 2 : 3);
    await storage.link(id, "019340a0-7c1e-7a2b-8f00-000000000006");
    expect(
      await storage.store({ content: "again", namespace: "project:port", idempotencyKey: "seven" }),
    ).toBe("019340a0-7c1e-7a2b-8f00-000000000007");
    expect(await storage.maintenance.check()).toMatchObject({ ok: true });
    await storage.close();
    const again = await openStorage(url);
    expect(await again.maintenance.migrate()).toEqual({
      from: (await again.maintenance.stats()).schemaVersion,
      to: (await again.maintenance.stats()).schemaVersion,
    });
    await again.close();
    expect(schemaOf(file)).toEqual(await schemaOfNew());
  });

  test("eight processes open an old file at once and none fails", async () => {
    const { url } = old(1);
    const at = String(Date.now() + 1000);
    const children = Array.from({ length: 8 }, () =>
      start(
        `
        await pause(Number(arguments_[1]) - Date.now());
        // The machine may be so busy that eight writers need longer than by default.
        const storage = await openStorage({ url: arguments_[0], busyTimeout: 30_000 });
        const id = await storage.store({ content: "from " + process.pid });
        await storage.update(id, { content: "changed by " + process.pid }, { by: String(process.pid) });
        if ((await storage.history(id)).length !== 2) throw new Error("no history");
        await storage.close();
        `,
        [url, at],
      ),
    );
    expect(await Promise.all(children.map((child) => child.ended))).toEqual(
      Array.from({ length: 8 }, () => 0),
    );
    const storage = await openStorage(url);
    expect((await storage.getStats()).totalMemories).toBe(47);
    expect(await storage.maintenance.check()).toMatchObject({ ok: true });
    await storage.close();
  }, 60_000);

  function schemaOf(file: string): unknown {
    const database = new Database(file, { timeout: 2000 });
    const found = database
      .prepare(
        "SELECT type, name, replace(replace(sql, char(10), ' '), '  ', ' ') FROM sqlite_master WHERE name NOT LIKE 'sqlite%' ORDER BY name",
      )
      .raw(true)
      .all([]);
    database.close();
    return found;
  }

  async function schemaOfNew(): Promise<unknown> {
    const { url, file } = fresh();
    await (await openStorage(url)).close();
    return schemaOf(file);
  }
});
