import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import Database from "libsql";
import { openStorage, type Storage } from "@mnemosyne/storage";
import { beforeAll, expect, test } from "vitest";
import { start } from "./support/child.ts";
import { compiledPackage } from "./support/compiled-package.ts";
import { databases } from "./support/folder.ts";

const { fresh } = databases();
beforeAll(() => {
  compiledPackage();
}, 120_000);

const SECRET = "Zyxwvut the quokkamarmalade password of the vault is hunterkestrel9871";
/** What a search of the bytes must not find: pieces of it, and its words as the text index has them. */
const TRACES = ["Zyxwvut", "quokkamarmalad", "hunterkestrel9871", "flibbertigibbet", "sotto voce remark"];

/** Which traces stand in the files of a folder. Read by another process: whoever closes a database's file drops its locks. */
function tracesIn(file: string): readonly string[] {
  const folder = path.dirname(file);
  const names = readdirSync(folder).filter((name) => !name.endsWith("-shm"));
  return TRACES.filter(
    (trace) => spawnSync("grep", ["-l", "-i", "-a", "-F", trace, ...names], { cwd: folder }).status === 0,
  );
}

/** Stores the secret wherever the store may come to hold it. */
async function spread(storage: Storage): Promise<string> {
  const noise = (count: number, about: string) =>
    Array.from({ length: count }, (_, index) => ({
      content: `${about} ${index} ${"lorem ipsum dolor ".repeat(index % 30)}`,
      thread: "talk",
    }));
  await storage.storeMany(noise(150, "before"));
  const id = await storage.store({
    content: SECRET,
    summary: "Zyxwvut the quokkamarmalade",
    keywords: ["flibbertigibbet"],
    context: "sotto voce remark",
    thread: "talk",
  });
  await storage.storeMany(noise(400, "after"));
  const payload = JSON.stringify({ shown: [{ text: SECRET }] });
  const hash = createHash("sha256").update(payload).digest("hex");
  await storage.journal.createRun({ runId: "r", name: "n", planHash: "h", plan: {} });
  await storage.journal.append({
    runId: "r",
    head: 0,
    entries: [
      { class: "observation", body: { type: "memory.stored", id, summary: SECRET.slice(0, 60) } as never },
      { class: "input", body: { type: "run.cancelled", reason: "x" } as never },
    ],
    payloads: [{ ref: { hash, bytes: payload.length }, text: payload }],
  });
  await storage.blobs.put(new TextEncoder().encode(`attached: ${SECRET}`));
  await storage.blobs.put(new TextEncoder().encode("attached: something else"));
  // Grows and shrinks, so that pages are split, freed and used again.
  for (let round = 0; round < 8; round++)
    await storage.update(id, {
      content: `${SECRET} ${"quokkamarmalade ".repeat(round * 60)}`,
      metadata: { round },
    });
  await storage.update(id, { content: SECRET });
  await storage.playbooks.apply(
    "global",
    [
      { op: "add", evidence: "e", section: "s", content: `Remember: ${SECRET}` },
      { op: "add", evidence: "e", section: "s", content: "Remember the milk." },
    ],
    0,
  );
  const other = await storage.store({ content: "a neighbour" });
  await storage.link(other, id, { reason: `because ${SECRET}` });
  return id;
}

test.each(["here", "forgotten before"] as const)(
  "forget with hard leaves no byte of it: %s, while another process has the file open",
  async (kind) => {
    const { url, file } = fresh();
    const storage = await openStorage(url);
    const id = await spread(storage);
    const other = start(
      `
      const storage = await openStorage(arguments_[0]);
      await storage.search("quokkamarmalade");
      say("found", (await storage.get(arguments_[1]))?.content);
      await pause(60_000);
      `,
      [url, id],
    );
    await other.says("found Zyxwvut");
    expect(tracesIn(file)).toEqual(TRACES);
    if (kind === "forgotten before") {
      await storage.forget(id);
      expect(await storage.search("quokkamarmalade")).toEqual([]);
      expect(tracesIn(file)).toEqual(TRACES);
    }
    expect(await storage.forget(id, { hard: true })).toBe(true);
    expect(tracesIn(file)).toEqual([]);

    expect(await storage.get(id)).toBeUndefined();
    expect(await storage.history(id)).toEqual([]);
    expect(await storage.search("quokkamarmalade vault flibbertigibbet")).toEqual([]);
    expect(await storage.forget(id, { hard: true })).toBe(false);
    expect((await storage.playbooks.read("global")).items.map(({ content }) => content)).toEqual([
      "Remember the milk.",
    ]);
    // Nothing else was lost, and the file is sound.
    expect((await storage.getStats()).totalMemories).toBe(551);
    expect(await storage.search("lorem ipsum")).toHaveLength(10);
    expect((await storage.journal.read("r")).map(({ type }) => type)).toEqual([
      "memory.stored",
      "run.cancelled",
    ]);
    await storage.close();
    other.kill();
    await other.ended;
    const database = new Database(file, { timeout: 2000 });
    expect(database.prepare("PRAGMA integrity_check").raw(true).all([])).toEqual([["ok"]]);
    expect(database.prepare("SELECT count(*) FROM blobs").raw(true).get([])).toEqual([1]);
    database.close();
    expect(tracesIn(file)).toEqual([]);
  },
  60_000,
);

test("a reader that keeps the log from being emptied is waited for, then named; calling again finishes", async () => {
  const { url, file } = fresh();
  const storage = await openStorage({ url, busyTimeout: 300 });
  const id = await spread(storage);
  const reader = start(
    `
    const { default: Database } = await import("libsql");
    const database = new Database(arguments_[0]);
    database.exec("BEGIN");
    database.prepare("SELECT count(*) FROM memories").all([]);
    say("reading");
    await pause(60_000);
    `,
    [file],
  );
  await reader.says("reading");
  await expect(storage.forget(id, { hard: true })).rejects.toMatchObject({
    code: "E_STORAGE_BUSY",
    retryable: true,
  });
  expect(await storage.get(id)).toBeUndefined();
  reader.kill();
  await reader.ended;
  expect(await storage.forget(id, { hard: true })).toBe(false);
  expect(tracesIn(file)).toEqual([]);
  await storage.close();
}, 60_000);

test("what an older version has deleted carelessly is gone, too", async () => {
  const { url, file } = fresh();
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, gunzipSync(readFileSync(new URL("fixtures/schema-1.db.gz", import.meta.url))));
  const careless = new Database(file, { timeout: 2000 });
  careless.exec("CREATE TABLE scratch (text)");
  for (let index = 0; index < 60; index++)
    careless.prepare("INSERT INTO scratch VALUES (?)").run([`${SECRET} ${"x".repeat(index * 100)}`]);
  careless.exec("DELETE FROM scratch WHERE rowid % 2; DROP TABLE scratch; CREATE TABLE scrap (text)");
  for (let index = 0; index < 60; index++)
    careless.prepare("INSERT INTO scrap VALUES (?)").run([index % 3 === 0 ? SECRET : "something else"]);
  careless.exec("DELETE FROM scrap WHERE rowid % 3 = 1");
  careless.close();
  expect(tracesIn(file).length).toBeGreaterThan(0);
  const storage = await openStorage(url);
  const id = await storage.store({ content: SECRET });
  await storage.forget(id, { hard: true });
  expect(tracesIn(file)).toEqual([]);
  await storage.close();
}, 60_000);
