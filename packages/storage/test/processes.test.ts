import { rmSync } from "node:fs";
import path from "node:path";
import Database from "libsql";
import { openStorage } from "@mnemosyne/storage";
import { beforeAll, expect, test } from "vitest";
import { start, type Child } from "./support/child.ts";
import { compiledPackage } from "./support/compiled-package.ts";
import { databases } from "./support/folder.ts";

const { fresh } = databases();

beforeAll(() => {
  compiledPackage();
}, 120_000);

const WRITER = `
const storage = await openStorage(arguments_[0]);
say("ready");
for (let number = 0; ; number++) {
  if (number % 4 === 3) {
    const contents = Array.from({ length: 8 }, (_, index) => ({ content: "group " + process.pid + "-" + number + " part " + index, tags: ["g" + number] }));
    say("group", number, (await storage.storeMany(contents)).join(","));
  } else say("ack", await storage.store({ content: "single " + number }));
}
`;

test("kill -9 in the middle of writing loses nothing that was acknowledged and tears no batch", async () => {
  const { url, file } = fresh();
  for (let round = 0; round < 3; round++) {
    const child = start(WRITER, [url]);
    await child.says("group");
    await new Promise((resolve) => {
      setTimeout(resolve, 150 + Math.random() * 250);
    });
    child.kill();
    expect(await child.ended).toBe("SIGKILL");

    const storage = await openStorage(url);
    const acknowledged = child.lines
      .filter((line) => !line.startsWith("ready"))
      .flatMap((line) => (line.split(" ").at(-1) ?? "").split(","));
    expect(acknowledged.length).toBeGreaterThan(0);
    const missing: string[] = [];
    for (const id of acknowledged) if ((await storage.get(id)) === undefined) missing.push(id);
    expect(missing).toEqual([]);
    const groups = new Map<string, number>();
    for await (const memory of storage.export()) {
      if (memory.link !== undefined) continue;
      const group = /^group (\S+)/.exec(memory.content)?.[1];
      if (group !== undefined) groups.set(group, (groups.get(group) ?? 0) + 1);
    }
    expect([...groups.values()].filter((parts) => parts !== 8)).toEqual([]);
    await storage.close();
    expect(integrity(file)).toEqual({ database: "ok", index: "ok" });
  }
}, 60_000);

test("acknowledged rows are never lost while other processes keep the database locked", async () => {
  const { url, file } = fresh();
  await (await openStorage(url)).close();
  // Locks for longer than the writers are willing to wait, so that they meet SQLITE_BUSY again and again.
  const holder = start(
    `
    const { default: Database } = await import("libsql");
    const database = new Database(arguments_[0], { timeout: 5000 });
    say("ready");
    for (let round = 0; ; round++) {
      database.exec("BEGIN IMMEDIATE");
      await pause(round % 3 === 0 ? 160 : 15);
      database.exec("COMMIT");
      await pause(5);
    }
    `,
    [file],
  );
  await holder.says("ready");
  const writers = Array.from({ length: 3 }, () =>
    start(
      `
      const storage = await openStorage({ url: arguments_[0], busyTimeout: 100 });
      const end = Date.now() + 1500;
      let busy = 0;
      const caller = async (name) => {
        for (let number = 0; Date.now() < end; number++) {
          try {
            say("ack", await storage.store({ content: name + " " + number }));
          } catch (error) {
            if (error.code !== "E_STORAGE_BUSY" || !error.retryable) throw error;
            busy++;
          }
          await pause(1);
        }
      };
      await Promise.all(Array.from({ length: 6 }, (_, index) => caller("caller" + index)));
      say("busy", busy);
      process.kill(process.pid, "SIGKILL");
      `,
      [url],
    ),
  );
  await Promise.all(writers.map((writer) => writer.ended));
  holder.kill();
  await holder.ended;

  const acknowledged = writers.flatMap((writer) => said(writer, "ack"));
  const busy = writers
    .flatMap((writer) => said(writer, "busy"))
    .reduce((sum, count) => sum + Number(count), 0);
  const storage = await openStorage(url);
  const missing: string[] = [];
  for (const id of acknowledged) if ((await storage.get(id)) === undefined) missing.push(id);
  const { totalMemories } = await storage.getStats();
  await storage.close();
  expect({ missing, extra: totalMemories - acknowledged.length }).toEqual({ missing: [], extra: 0 });
  expect(acknowledged.length).toBeGreaterThan(50);
  expect(busy).toBeGreaterThan(0);
  expect(integrity(file)).toEqual({ database: "ok", index: "ok" });
}, 60_000);

test("eight processes open a new file at once", async () => {
  const { url } = fresh();
  const at = String(Date.now() + 700);
  const children = Array.from({ length: 8 }, () =>
    start(
      `
      await pause(Number(arguments_[1]) - Date.now());
      const storage = await openStorage(arguments_[0]);
      say("ack", await storage.store({ content: "from " + process.pid }));
      await storage.close();
      `,
      [url, at],
    ),
  );
  expect(await Promise.all(children.map((child) => child.ended))).toEqual(Array.from({ length: 8 }, () => 0));
  const storage = await openStorage(url);
  expect((await storage.getStats()).totalMemories).toBe(8);
  await storage.close();
}, 60_000);

test("what one process writes, another sees at once", async () => {
  const { url } = fresh();
  const storage = await openStorage(url);
  const kept = await storage.store({ content: "the harbour is closed in winter" });
  const dropped = await storage.store({ content: "the lighthouse keeper retired" });
  expect(await storage.search("lighthouse harbour")).toHaveLength(2);
  const child = start(
    `
    const storage = await openStorage(arguments_[0]);
    await storage.update(arguments_[1], { content: "the harbour opens in spring" });
    await storage.forget(arguments_[2]);
    await storage.store({ content: "a ferry to the harbour" });
    say("done");
    await pause(60_000);
    `,
    [url, kept, dropped],
  );
  await child.says("done");
  expect((await storage.get(kept))?.version).toBe(2);
  expect(await storage.get(dropped)).toBeUndefined();
  const found = (await storage.search("harbour lighthouse spring")).map(({ content }) => content);
  expect(found.toSorted()).toEqual(["a ferry to the harbour", "the harbour opens in spring"]);
  expect(await storage.search("winter")).toEqual([]);
  expect((await storage.listRecent()).map(({ content }) => content)).toEqual([
    "a ferry to the harbour",
    "the harbour opens in spring",
  ]);
  child.kill();
  await child.ended;
  await storage.close();
}, 60_000);

function said(child: Child, word: string): readonly string[] {
  return child.lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
}

/** SQLite's own check of the file, and of the text index against itself. */
function integrity(file: string): { readonly database: unknown; readonly index: string } {
  const database = new Database(file, { timeout: 5000 });
  const checked = database.prepare("PRAGMA integrity_check").raw(true).get([]) as readonly unknown[];
  database.exec("INSERT INTO memory_text (memory_text) VALUES ('integrity-check')");
  database.close();
  return { database: checked[0], index: "ok" };
}

test("nothing acknowledged is lost by four writers that are stopped and killed while others search the folder", async () => {
  const { url, file } = fresh();
  await (await openStorage(url)).close();
  const folder = path.dirname(file);
  // Reads every file as a search over a workspace does, and copies them as a careless snapshot does.
  const searcher = start(
    `
    const { execFileSync } = await import("node:child_process");
    const { cpSync } = await import("node:fs");
    say("ready");
    for (let round = 0; ; round++) {
      try { execFileSync("grep", ["-r", "-c", "-a", "single", arguments_[0]]); } catch {}
      try { cpSync(arguments_[0], arguments_[1], { recursive: true }); } catch {}
      await pause(20);
    }
    `,
    [folder, `${folder}-snapshot`],
  );
  await searcher.says("ready");
  const writers = Array.from({ length: 4 }, () => start(WRITER, [url]));
  await Promise.all(writers.map((writer) => writer.says("ready")));
  for (let round = 0; round < 4; round++) {
    const stopped = writers[round];
    stopped?.kill("SIGSTOP");
    await new Promise((resolve) => {
      setTimeout(resolve, 120);
    });
    stopped?.kill("SIGCONT");
  }
  for (const writer of writers) writer.kill("SIGKILL");
  searcher.kill("SIGKILL");
  // A writer that waited behind a stopped one longer than its busy timeout has said so and ended; what it said before counts.
  const ends = await Promise.all(writers.map((writer) => writer.ended.catch(String)));
  for (const end of ends) expect(end).toMatch(/^SIGKILL$|E_STORAGE_BUSY/);
  await searcher.ended;
  rmSync(`${folder}-snapshot`, { recursive: true, force: true });

  const acknowledged = writers.flatMap(({ lines }) =>
    lines
      .filter((line) => /^(?:ack|group) /.test(line))
      .flatMap((line) => (line.split(" ").at(-1) ?? "").split(",")),
  );
  const storage = await openStorage(url);
  const missing: string[] = [];
  for (const id of acknowledged) if ((await storage.get(id)) === undefined) missing.push(id);
  expect({ missing, some: acknowledged.length > 20 }).toEqual({ missing: [], some: true });
  const groups = new Map<string, number>();
  for await (const record of storage.export()) {
    const group = record.link === undefined ? /^group (\S+)/.exec(record.content)?.[1] : undefined;
    if (group !== undefined) groups.set(group, (groups.get(group) ?? 0) + 1);
  }
  expect([...groups.values()].filter((parts) => parts !== 8)).toEqual([]);
  expect(await storage.maintenance.check()).toEqual({ ok: true, problems: [], notes: [] });
  await storage.close();
  expect(integrity(file)).toEqual({ database: "ok", index: "ok" });
}, 60_000);
