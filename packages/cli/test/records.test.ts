import { existsSync, readFileSync } from "node:fs";
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

async function remember(text: string, ...flags: readonly string[]): Promise<string> {
  const { lines } = await folder.call("remember", text, ...flags, "--json");
  return String(lines[0]?.["id"]);
}

async function json(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, lines, stderr } = await folder.call(...args, "--json");
  expect({ code, stderr, lines: lines.length }).toEqual({ code: 0, stderr: "", lines: 1 });
  return lines[0] ?? {};
}

const UNKNOWN = "019340a0-7c1e-7a2b-8f00-3d5b6c7d8e9f";

test("a memory is changed, forgotten, brought back and erased, and its history tells", async () => {
  const id = await remember("the gate opens at nine");
  expect(
    await json(
      "update",
      id,
      "--content",
      "the gate opens at ten",
      "--importance",
      "9",
      "--by",
      "Ann",
      "--reason",
      "new",
    ),
  ).toMatchObject({ id, content: "the gate opens at ten", importance: 9, version: 2 });
  const piped = await finished(
    folder.start("update", id, "--stdin", "--if-version", "2", "--json"),
    "at eleven\n",
  );
  expect(piped.lines[0]).toMatchObject({ content: "at eleven", version: 3 });
  const late = await folder.call("update", id, "--importance", "1", "--if-version", "2", "--json");
  expect([late.code, late.lines.at(-1)]).toMatchObject([1, { error: { code: "E_VERSION_CONFLICT" } }]);
  expect(await json("forget", id, "--by", "Bob")).toEqual({ id, forgotten: true, hard: false });
  expect((await folder.call("get", id)).code).toBe(1);
  expect(await json("restore", id)).toMatchObject({ id, content: "at eleven" });
  expect(await json("history", id)).toMatchObject({
    id,
    changes: [
      { change: "stored", version: 1, by: "command" },
      { change: "updated", by: "Ann", reason: "new", before: { importance: 5 } },
      { change: "updated", by: "command" },
      { change: "forgotten", by: "Bob" },
      { change: "restored" },
    ],
  });
  expect((await folder.call("history", id)).stdout).toContain("updated by Ann: new");
  expect(await json("forget", id, "--hard")).toEqual({ id, forgotten: true, hard: true });
  expect((await folder.call("history", id)).code).toBe(1);
  expect((await folder.call("restore", id)).code).toBe(1);
  const database = path.join(folder.path, ".mnemosyne", "mnemosyne.db");
  expect(readFileSync(database).includes("at eleven")).toBe(false);
});

test("links make a graph as JSON, Mermaid, Graphviz and text", async () => {
  const [a = "", b = "", c = ""] = ["1", "2", "3"].map((digit) => UNKNOWN.slice(0, -1) + digit);
  const lines = [
    { id: a, content: 'the "mill"' },
    { id: b, content: "the river" },
    { id: c, content: "the sea" },
    { link: { from: b, to: c } },
  ];
  await folder.write("seed.jsonl", lines.map((line) => JSON.stringify(line)).join("\n"));
  expect(await json("import", "seed.jsonl")).toEqual({ imported: 4, skipped: 0 });
  expect(await json("link", a, b, "--type", "needs", "--strength", "0.5")).toMatchObject({
    from: a,
    to: b,
    type: "needs",
    strength: 0.5,
  });
  expect(await json("graph", a, "--depth", "1")).toMatchObject({
    nodes: [
      { id: a, hop: 0 },
      { id: b, hop: 1, strength: 0.5 },
    ],
    links: [{ type: "needs" }],
    truncated: false,
  });
  const [mermaid, dot, text] = await Promise.all([
    folder.call("graph", a, "--format", "mermaid"),
    folder.call("graph", a, "--format", "dot"),
    folder.call("graph"),
  ]);
  expect(mermaid.stdout).toBe(
    'graph LR\n  m0["the #quot;mill#quot;"]\n  m1["the river"]\n  m2["the sea"]\n  m1 -->|"related 1"| m2\n  m0 -->|"needs 0.5"| m1\n',
  );
  expect(dot.stdout).toContain('m0 -> m1 [label="needs 0.5", weight=5];');
  expect(text.stdout).toContain(`${a} needs ${b} (0.5)`);
  await json("export", "--out", "all.jsonl");
  expect(await json("import", "all.jsonl", "--db", "other.db")).toEqual({ imported: 5, skipped: 0 });
  expect(await json("unlink", a, b)).toEqual({ from: a, to: b, removed: 1 });
  expect((await folder.call("unlink", a, b)).code).toBe(1);
});

test("evolution says what it would do, does it, and takes a merge back", async () => {
  const text =
    "The harbour of the old town opens at nine in the morning on every working day of the whole year";
  const first = await remember(`${text}. Dogs are welcome.`, "--importance", "8");
  const second = await remember(`${text}. Cats are not.`);
  const dry = await json("evolve", "consolidate", "--dry-run");
  expect(dry).toMatchObject({ jobs: [{ job: "consolidate", changed: 1, dryRun: true }] });
  expect(await json("get", second)).not.toHaveProperty("supersededBy");
  expect(await json("evolve")).toMatchObject({
    jobs: [
      { job: "consolidate", changed: 1, changes: [{ survivor: first, members: [second], merge: 1 }] },
      { job: "links", changed: 0 },
      { job: "importance" },
      { job: "archive", changed: 0 },
    ],
  });
  expect(await json("evolve", "consolidate")).toMatchObject({ jobs: [{ changed: 0 }] });
  expect(await json("get", second)).toMatchObject({ supersededBy: first });
  expect(await json("evolve", "--undo", "1")).toEqual({ survivor: first, members: [second] });
  expect((await folder.call("evolve", "--undo", "1")).code).toBe(1);
  expect((await folder.call("evolve", "everything")).code).toBe(2);
});

test("the database is counted, pruned, copied, examined", async () => {
  await remember("one");
  expect(await json("db", "stats")).toMatchObject({ rows: { memories: 1 }, retention: { history: 365 } });
  expect(await json("db", "prune", "--dry-run")).toMatchObject({ dryRun: true, blobs: 0, changes: 0 });
  expect(await json("db", "prune", "--history", "1")).toMatchObject({ dryRun: false });
  expect(await json("db", "backup", "copy.db")).toMatchObject({ bytes: expect.any(Number) });
  expect(existsSync(path.join(folder.path, "copy.db"))).toBe(true);
  expect((await folder.call("db", "backup", "copy.db")).code).toBe(2);
  expect(await json("list", "--db", "copy.db")).toMatchObject({ memories: [{ content: "one" }] });
  expect(await json("db", "check")).toEqual({ ok: true, problems: [], notes: [] });
  const { from, to } = await json("db", "migrate");
  expect([from, to]).toEqual([to, expect.any(Number)]);
  expect(await json("db", "reindex")).toMatchObject({ embedder: "static", done: expect.any(Number) });
  expect((await folder.call("db", "reindex", "--embedder", "nobody")).code).toBe(2);
});

test.each([
  [["update", UNKNOWN, "--importance", "5"], 1, "E_MEMORY_NOT_FOUND"],
  [["update", UNKNOWN], 2, "E_INPUT"],
  [["update", "nonsense", "--importance", "5"], 2, "E_INPUT"],
  [["forget", UNKNOWN], 1, "E_MEMORY_NOT_FOUND"],
  [["forget", UNKNOWN, "--hard"], 1, "E_MEMORY_NOT_FOUND"],
  [["link", UNKNOWN, UNKNOWN], 2, "E_INPUT"],
  [["graph", UNKNOWN], 1, "E_MEMORY_NOT_FOUND"],
  [["db", "prune", "--history", "soon"], 2, "E_INPUT"],
  [["db"], 2, "E_INPUT"],
])("what cannot be done: %j exits %i with %s", async (args, exitCode, code) => {
  const called = await folder.call(...args, "--json");
  expect([called.code, called.lines.at(-1)]).toMatchObject([exitCode, { error: { code } }]);
});

test("help texts name the verbs and their flags", async () => {
  const { stdout } = await folder.call("--help");
  for (const verb of ["update", "forget", "restore", "link", "unlink", "graph", "history", "evolve", "db"])
    expect(stdout).toContain(`  ${verb}`);
  const db = (await folder.call("db", "--help")).stdout;
  for (const verb of ["stats", "prune", "backup", "migrate", "check", "reindex"])
    expect(db).toContain(`  ${verb}`);
  expect((await folder.call("forget", "--help")).stdout).toContain("--hard");
});
