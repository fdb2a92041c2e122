import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import Database from "libsql";
import { openStorage } from "@mnemosyne/storage";
import { describe, expect, test } from "vitest";
import { databases } from "./support/folder.ts";

const { fresh } = databases();

describe("urls", () => {
  test.each([
    "",
    "app.db",
    "/tmp/app.db",
    "sqlite:app.db",
    "file:",
    "file:a?mode=ro",
    "file:%zz",
    "ftp://x",
    "libsql:x",
  ])("'%s' is refused with what to write instead", async (url) => {
    await expect(openStorage(url)).rejects.toMatchObject({ code: "E_INPUT", path: "url" });
  });

  test("a file is named by path, by URL, and with escapes", async () => {
    const { file } = fresh();
    const spaced = path.join(path.dirname(file), "with space & 100% ünï.db");
    for (const url of [
      pathToFileURL(spaced).href,
      `file:${spaced.replaceAll("%", "%25")}`,
      `file:${path.relative(process.cwd(), spaced).replaceAll("%", "%25")}`,
    ]) {
      const storage = await openStorage(url);
      await storage.store({ content: "x" });
      await storage.close();
    }
    expect(existsSync(spaced)).toBe(true);
    const storage = await openStorage(pathToFileURL(spaced).href);
    expect((await storage.getStats()).totalMemories).toBe(3);
    await storage.close();
  });

  test.each([
    [{ url: ":memory:", synchronous: "off" as "full" }, "synchronous"],
    [{ url: ":memory:", busyTimeout: -1 }, "busyTimeout"],
    [{ url: ":memory:", holdTime: 0.5 }, "holdTime"],
    [{ url: undefined as unknown as string }, "url"],
  ])("wrong options are refused: %j", async (options, field) => {
    await expect(openStorage(options)).rejects.toMatchObject({ code: "E_INPUT", path: field });
  });

  test("what cannot be opened says so", async () => {
    const { file } = fresh();
    writeFileSync(
      file,
      "this is a text file, not a database, and it is long enough to be looked at".repeat(20),
    );
    await expect(openStorage(`file:${file}`)).rejects.toMatchObject({ code: "E_STORAGE", retryable: false });
    expect(readFileSync(file, "utf8")).toMatch(/^this is a text file/);
    await expect(openStorage(`file:${file}/below/app.db`)).rejects.toMatchObject({
      code: "E_STORAGE",
      kind: "unavailable",
      path: "url",
      message: expect.stringMatching(/its folder '.*' is missing or may not be written; make it/),
    });
    await expect(openStorage(`file:${path.dirname(file)}`)).rejects.toMatchObject({
      code: "E_STORAGE",
      message: expect.stringContaining("it is a folder; name a file in it"),
    });
  });

  test("the folder of a new database is made", async () => {
    const { file } = fresh();
    const below = path.join(path.dirname(file), "not", "there", "yet", "app.db");
    const storage = await openStorage(`file:${below}`);
    await storage.store({ content: "x" });
    await storage.close();
    expect(existsSync(below)).toBe(true);
  });

  test("databases in memory are apart from each other", async () => {
    const [one, two] = [await openStorage(":memory:"), await openStorage(":memory:")];
    await one.store({ content: "x" });
    expect((await two.getStats()).totalMemories).toBe(0);
    await one.close();
    await two.close();
  });
});

test("an encrypted file shows nothing without its key", async () => {
  const { url, file } = fresh();
  const storage = await openStorage({ url, encryptionKey: "correct horse" });
  const id = await storage.store({ content: "a very secret sentence" });
  await storage.update(id, { summary: "changed" }, { reason: "a very secret reason" });
  // The log, while it is open; read by another process, for closing a descriptor here would drop SQLite's locks.
  const found = spawnSync("grep", ["-c", "-a", "very secret", file, `${file}-wal`], { encoding: "utf8" });
  expect(found.stdout).toBe(`${file}:0\n${file}-wal:0\n`);
  await storage.close();
  expect(readFileSync(file).includes("very secret")).toBe(false);
  for (const key of [{}, { encryptionKey: "wrong" }])
    await expect(openStorage({ url, ...key })).rejects.toMatchObject({
      code: "E_STORAGE",
      retryable: false,
      path: "encryptionKey",
      message: expect.stringContaining("encrypted with another key"),
    });
  const again = await openStorage({ url, encryptionKey: "correct horse" });
  expect((await again.get(id))?.content).toBe("a very secret sentence");
  await again.close();
});

describe("a file of a newer version", () => {
  test("is not opened", async () => {
    const { url, file } = fresh();
    await (await openStorage(url)).close();
    shutOut(file);
    await expect(openStorage(url)).rejects.toMatchObject({ code: "E_SCHEMA_NEWER", retryable: false });
  });

  test("is not written by a process that had it open", async () => {
    const { url, file } = fresh();
    const storage = await openStorage(url);
    const id = await storage.store({ content: "before" });
    shutOut(file);
    await expect(storage.store({ content: "after" })).rejects.toMatchObject({ code: "E_SCHEMA_NEWER" });
    await expect(storage.blobs.put(new Uint8Array(1))).rejects.toMatchObject({ code: "E_SCHEMA_NEWER" });
    expect((await storage.get(id))?.content).toBe("before");
    expect((await storage.getStats()).totalMemories).toBe(1);
    await storage.close();
  });

  test("is written where it still lets older ones write", async () => {
    const { url, file } = fresh();
    await (await openStorage(url)).close();
    const database = new Database(file, { timeout: 2000 });
    database.exec("UPDATE schema_version SET version = 99");
    database.close();
    const storage = await openStorage(url);
    await storage.store({ content: "x" });
    await storage.close();
    const after = new Database(file, { timeout: 2000 });
    expect(after.prepare("SELECT version FROM schema_version").raw(true).get([])).toEqual([99]);
    after.close();
  });
});

test("a closed database is one file that can be copied", async () => {
  const { url, file } = fresh();
  const storage = await openStorage(url);
  const id = await storage.store({ content: "all of it" });
  await storage.close();
  const copy = path.join(path.dirname(file), "copy.db");
  copyFileSync(file, copy);
  const copied = await openStorage(`file:${copy}`);
  expect((await copied.get(id))?.content).toBe("all of it");
  await copied.close();
});

/** As a newer version would that older ones must not write beside. */
function shutOut(file: string): void {
  const database = new Database(file, { timeout: 2000 });
  database.exec("UPDATE schema_version SET version = 99, minimum_writer = 99");
  database.close();
}
