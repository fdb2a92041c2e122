import { readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CommandFolder, finished } from "./command.ts";

let folder: CommandFolder;
beforeEach(async () => {
  folder = await CommandFolder.make();
});
afterEach(async () => {
  await folder.remove();
});

test("what is remembered is recalled, got and listed", async () => {
  const stored = await folder.call(
    "remember",
    "The API wants ISO dates",
    "--importance",
    "8",
    "--tags",
    "api,dates",
    "--json",
  );
  expect(stored.code).toBe(0);
  const id = String(stored.lines[0]?.["id"]);
  const recalled = await folder.call("recall", "which date format does the API want?", "--json");
  expect(recalled.lines[0]).toMatchObject({
    results: [{ id, content: "The API wants ISO dates", importance: 8, score: expect.any(Number) }],
  });
  expect((await folder.call("get", id, "--json")).lines[0]).toMatchObject({ id, tags: ["api", "dates"] });
  expect((await folder.call("list", "--json")).lines[0]).toMatchObject({ memories: [{ id }] });
  expect((await folder.call("stats", "--json")).lines[0]).toMatchObject({ totalMemories: 1 });
});

test("standard input, batches, and namespaces that do not leak", async () => {
  const piped = await finished(
    folder.start("remember", "--stdin", "--namespace", "project:a", "--json"),
    "secret of a\n",
  );
  expect(piped.code).toBe(0);
  await folder.call("remember", "shared by all", "--namespace", "global", "--json");
  await folder.write(
    "batch.jsonl",
    '{"id":1,"query":"secret","namespace":"project:b"}\n{"id":2,"query":"shared","namespace":"project:b","limit":1}\n',
  );
  const batch = await folder.call("recall", "--batch", "batch.jsonl", "--json");
  expect(batch.lines).toMatchObject([{ id: 1 }, { id: 2, results: [{ content: "shared by all" }] }]);
  // Of the sibling nothing is found, neither by its words nor by what it means.
  const found = batch.lines[0]?.["results"] as readonly { readonly namespace: string }[];
  expect(found.filter(({ namespace }) => namespace !== "global")).toEqual([]);
});

test("an export imports into another database with every field", async () => {
  await folder.call("remember", "one", "--thread", "t", "--actor", "Ann", "--keywords", "k", "--json");
  await folder.call("remember", "two", "--json");
  expect((await folder.call("export", "--out", "all.jsonl", "--json")).lines[0]).toMatchObject({
    exported: 2,
  });
  const imported = await folder.call("import", "all.jsonl", "--db", "other.db", "--json");
  expect(imported.lines[0]).toEqual({ imported: 2, skipped: 0 });
  await folder.call("export", "--out", "again.jsonl", "--db", "other.db", "--json");
  const read = (name: string): string => readFileSync(path.join(folder.path, name), "utf8");
  expect(read("again.jsonl")).toBe(read("all.jsonl"));
  expect((await folder.call("import", "all.jsonl", "--db", "other.db", "--json")).lines[0]).toEqual({
    imported: 0,
    skipped: 2,
  });
});

test("bad input is refused with its field, and nothing is written", async () => {
  const tooMuch = await folder.call("remember", "x", "--importance", "11", "--json");
  expect(tooMuch.code).toBe(2);
  expect(tooMuch.lines.at(-1)).toMatchObject({ error: { code: "E_INPUT", path: "importance" } });
  expect((await folder.call("remember", "--json")).code).toBe(2);
  expect((await folder.call("recall", "x", "--namespace", "nowhere", "--json")).code).toBe(2);
  await folder.write("bad.jsonl", '{"content":"fine"}\n{"content":""}\n');
  const bad = await folder.call("import", "bad.jsonl", "--json");
  expect(bad.code).toBe(2);
  expect((await folder.call("stats", "--json")).lines[0]).toMatchObject({ totalMemories: 0 });
  expect((await folder.call("get", "019340a0-7c1e-7a2b-8f00-3d5b6c7d8e9f", "--json")).code).toBe(1);
});

test("help texts name every verb and stay on stdout", async () => {
  const help = await folder.call("--help");
  expect(help.code).toBe(0);
  for (const verb of ["remember", "recall", "run", "resume", "approve", "plan", "export"])
    expect(help.stdout).toContain(verb);
  expect((await folder.call("run", "--help")).stdout).toContain("--run-id");
});
