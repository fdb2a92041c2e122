import { type Embedder, type MemoryInput, type MemoryLink } from "@mnemosyne/core";
import { openStorage, type EvolutionJob, type Storage } from "@mnemosyne/storage";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { conceptEmbedder } from "./support/concept-embedder.ts";

let storage: Storage;
beforeEach(async () => {
  storage = await openStorage(":memory:");
});
afterEach(async () => {
  await storage.close();
});

const NOW = new Date("2026-06-01T00:00:00Z");
const ago = (days: number): Date => new Date(NOW.getTime() - days * 86_400_000);
const aged = (content: string, days: number, more: Partial<MemoryInput> = {}): MemoryInput => ({
  content,
  createdAt: ago(days),
  ...more,
});

async function evolve(job: EvolutionJob, dryRun = false) {
  const { jobs } = await storage.evolution.run({ jobs: [job], now: NOW, dryRun });
  return jobs[0] ?? expect.fail("no report");
}

/** Read from an export: a graph would count as their use. */
async function linksOf(from: Storage): Promise<readonly MemoryLink[]> {
  const links: MemoryLink[] = [];
  for await (const { link } of from.export()) if (link !== undefined) links.push(link);
  return links;
}

async function everything(from: Storage): Promise<unknown> {
  const records: unknown[] = [];
  for await (const record of from.export()) records.push(record);
  return JSON.parse(JSON.stringify([records, await from.evolution.merges()]));
}

describe("archive", () => {
  test.each([
    ["never used, 181 days", aged("x", 181, { importance: 6 }), true],
    ["never used, 179 days", aged("x", 179, { importance: 6 }), false],
    ["importance 2, 91 days", aged("x", 91, { importance: 2 }), true],
    ["importance 3, 91 days", aged("x", 91, { importance: 3 }), false],
    ["importance 2, 89 days", aged("x", 89, { importance: 2 }), false],
    ["importance 1, 31 days", aged("x", 31, { importance: 1 }), true],
    ["importance 1, 29 days", aged("x", 29, { importance: 1 }), false],
    ["importance 7, 1000 days", aged("x", 1000, { importance: 7 }), false],
  ])("%s", async (_name, input, archived) => {
    const id = await storage.store(input);
    expect(await evolve("archive", true)).toMatchObject({ changed: archived ? 1 : 0, dryRun: true });
    expect(await storage.listRecent()).toHaveLength(1);
    expect(await evolve("archive")).toMatchObject({ examined: 1, changed: archived ? 1 : 0 });
    expect(await storage.listRecent()).toHaveLength(archived ? 0 : 1);
    expect((await storage.get(id))?.archivedAt).toEqual(archived ? NOW : undefined);
    if (!archived) return;
    expect((await storage.history(id)).at(-1)).toMatchObject({ change: "archived", by: "evolution" });
    await storage.restore(id, { by: "Ann" });
    expect(await storage.listRecent()).toHaveLength(1);
  });

  test("what was used is spared by the 180 days", async () => {
    const id = await storage.store(aged("used", 400, { importance: 5 }));
    await storage.search("used");
    expect(await evolve("archive")).toMatchObject({ changed: 0 });
    expect(await storage.get(id)).toBeDefined();
  });
});

describe("importance", () => {
  test("is derived from use; what was said, version and history stay", async () => {
    const used = await storage.store(aged("often found", 10, { importance: 4 }));
    const idle = await storage.store(aged("idle", 200, { importance: 6 }));
    const plain = await storage.store(aged("plain", 10, { importance: 5 }));
    for (let round = 0; round < 40; round++) await storage.get(used);
    expect(await evolve("importance")).toMatchObject({
      examined: 3,
      changed: 2,
      changes: [
        { kind: "importance", id: used, base: 4, derived: 6 },
        { kind: "importance", id: idle, base: 6, derived: 4 },
      ],
    });
    expect(await storage.get(used)).toMatchObject({ importance: 4, derivedImportance: 6, version: 1 });
    expect(await storage.get(plain)).not.toHaveProperty("derivedImportance");
    expect(await storage.history(used)).toHaveLength(1);
  });
});

describe("links", () => {
  test("fade from the strength that was given, never from what is left of it", async () => {
    const ids = await storage.storeMany(Array.from({ length: 5 }, (_, index) => aged(`n${index}`, 500)));
    const [a = "", b = "", c = "", d = "", e = ""] = ids;
    const link = (to: string, days: number, used: number, strength = 1) => ({
      link: { from: a, to, strength, createdAt: ago(days), updatedAt: ago(used) },
    });
    await storage.import([link(b, 400, 181), link(c, 400, 91), link(d, 366, 10), link(e, 200, 181, 0.3)]);
    const strengths = async () =>
      Object.fromEntries((await linksOf(storage)).map(({ to, strength }) => [ids.indexOf(to), strength]));
    expect(await evolve("links", true)).toMatchObject({ changed: 4 });
    expect(await strengths()).toEqual({ 1: 1, 2: 1, 3: 1, 4: 0.3 });
    expect(await evolve("links")).toMatchObject({ examined: 4, changed: 4 });
    // 0.3 * 0.25 is below 0.1.
    const after = { 1: 0.25, 2: 0.5, 3: 0.8 };
    expect(await strengths()).toEqual(after);
    expect(await evolve("links")).toMatchObject({ changed: 0 });
    expect(await strengths()).toEqual(after);
    expect((await storage.history(a)).at(-1)).toMatchObject({
      change: "unlinked",
      before: { strength: 0.3 },
    });
  });
});

describe("consolidate", () => {
  const FACT =
    "The harbour of the old town opens at nine in the morning on every working day of the week, except when a storm blows from north west";

  test("merges near duplicates for real, and undoes it", async () => {
    const first = await storage.store(aged(`${FACT}. Dogs are welcome.`, 20, { tags: ["a"], importance: 8 }));
    const second = await storage.store(
      aged(`${FACT}. Cats are not.`, 10, { tags: ["b"], keywords: ["k"], metadata: { m: 1 } }),
    );
    const other = await storage.store(aged("Something else altogether", 5));
    await storage.link(second, other, { type: "explains", strength: 0.7 });
    const before = await everything(storage);
    const dry = await evolve("consolidate", true);
    expect(await everything(storage)).toEqual(before);
    const real = await evolve("consolidate");
    expect(dry).toMatchObject({ changed: 1, examined: 3, changes: [{ survivor: first, members: [second] }] });
    expect(real).toMatchObject({ changed: 1, changes: [{ merge: 1, by: "words", extended: true }] });
    expect(await storage.get(first)).toMatchObject({
      content: `${FACT}. Dogs are welcome. Cats are not.`,
      tags: ["a", "b"],
      keywords: ["k"],
      metadata: { m: 1 },
      importance: 8,
      provenance: { sources: [second] },
    });
    expect(await storage.get(second)).toMatchObject({ supersededBy: first });
    expect((await storage.search("harbour cats")).map(({ id }) => id)).toEqual([first]);
    expect((await storage.graph(first)).links).toContainEqual(
      expect.objectContaining({ from: first, to: other, type: "explains", strength: 0.7 }),
    );

    expect(await storage.evolution.undo(1, { by: "Ann" })).toEqual({ survivor: first, members: [second] });
    expect(await storage.get(first)).toMatchObject({ content: `${FACT}. Dogs are welcome.`, tags: ["a"] });
    expect(await storage.get(second)).not.toHaveProperty("supersededBy");
    expect(await storage.search("harbour")).toHaveLength(2);
    expect((await storage.graph(first)).links).toEqual([]);
    await expect(storage.evolution.undo(1)).rejects.toMatchObject({ code: "E_NOT_FOUND" });
    // Somebody has decided: they stay apart.
    expect(await evolve("consolidate")).toMatchObject({ changed: 0 });
    expect(await storage.evolution.merges()).toMatchObject([{ merge: 1, undoneAt: expect.any(Date) }]);
  });

  test("a true copy is superseded without a change of the survivor's content", async () => {
    await storage.store(aged(FACT, 20));
    const newer = await storage.store(aged(FACT, 10));
    expect(await evolve("consolidate")).toMatchObject({
      changed: 1,
      changes: [{ survivor: newer, extended: false, similarity: 1 }],
    });
    expect((await storage.get(newer))?.content).toBe(FACT);
  });

  test.each<[string, Partial<MemoryInput>]>([
    ["another namespace", { namespace: "project:b" }],
    ["another type", { type: "constraint" }],
    ["another time", { validFrom: "2020-01-01" }],
    ["a turn of a conversation", { thread: "t" }],
    ["another speaker", { actor: "Bob" }],
  ])("%s is never merged", async (_name, more) => {
    await storage.storeMany([aged(FACT, 20), aged(FACT, 10, more)]);
    expect(await evolve("consolidate")).toMatchObject({ changed: 0 });
  });

  test("a statement that was checked takes in none that was not", async () => {
    const verified = { trust: "verified", provenance: { evidence: "e" } } as const;
    const checked = await storage.store(aged(`${FACT}. Dogs are welcome.`, 20, verified));
    await storage.store(aged(`${FACT}. Cats are not.`, 10));
    expect(await evolve("consolidate")).toMatchObject({ changed: 0 });
    await storage.store(aged(`${FACT}. Dogs are welcome.`, 5));
    expect(await evolve("consolidate")).toMatchObject({ changed: 1, changes: [{ survivor: checked }] });
    expect(await storage.get(checked)).toMatchObject({ trust: "verified" });
  });

  test("by meaning where there are vectors", async () => {
    const directions: Readonly<Record<string, readonly number[]>> = {
      car: [1, 0.1, 0],
      automobile: [1, 0, 0.1],
      banana: [0, 0, 1],
      vehicle: [1, 0.42, 0],
    };
    const embedder: Embedder = {
      id: "toy@1",
      dimensions: 3,
      embed: async (texts) =>
        texts.map((text) => Float32Array.from(directions[text.split(" ")[0] ?? ""] ?? [0, 1, 0])),
    };
    const own = await openStorage({ url: ":memory:", embedder });
    await own.storeMany([aged("car one", 4), aged("automobile two", 3), aged("banana three", 2)]);
    const { jobs } = await own.evolution.run({ jobs: ["consolidate"], now: NOW });
    expect(jobs[0]).toMatchObject({ changed: 1, changes: [{ by: "meaning" }] });
    expect(await own.listRecent()).toHaveLength(2);
    await own.close();
  });

  test("a merged text has its vector, and so has the one that undoing brings back", async () => {
    const own = await openStorage({ url: ":memory:", embedder: conceptEmbedder() });
    const kept = await own.store(
      aged("Car, car, car: house, house, house. It is quick.", 4, { importance: 8 }),
    );
    await own.store(aged("Automobile, automobile, automobile: home, home, home. The doctor is there.", 3));
    const run = { jobs: ["consolidate"] as const, now: NOW };
    const [report] = (await own.evolution.run(run)).jobs;
    expect(report).toMatchObject({ changed: 1, changes: [{ survivor: kept, extended: true }] });
    expect((await own.getStats()).vectors).toMatchObject({ missing: 0 });
    // By meaning alone: neither word is in the text.
    expect((await own.search("physician")).map(({ id }) => id)).toEqual([kept]);
    expect((await own.evolution.run(run)).jobs).toMatchObject([{ changed: 0 }]);
    const [merge] = await own.evolution.merges();
    await own.evolution.undo(merge?.merge ?? 0);
    expect((await own.getStats()).vectors).toMatchObject({ missing: 0 });
    expect((await own.search("rapid")).map(({ id }) => id)).toContain(kept);
    await own.close();
  });

  test("erasing a member takes its words out of the survivor", async () => {
    const kept = await storage.store(aged(`${FACT}. Dogs are welcome.`, 20, { importance: 8 }));
    const erased = await storage.store(aged(`${FACT}. Cats are not.`, 10));
    await evolve("consolidate");
    expect((await storage.get(kept))?.content).toContain("Cats");
    await storage.forget(erased, { hard: true });
    expect((await storage.get(kept))?.content).not.toContain("Cats");
    expect(JSON.stringify(await storage.history(kept))).not.toContain("Cats");
  });
});

test("a second run changes nothing, whatever there is; a dry run says what the run does", async () => {
  const word = fc.constantFrom("harbour", "opens", "at", "nine", "daily", "closed", "dogs", "cats");
  const text = fc.array(word, { minLength: 1, maxLength: 8 }).map((words) => `${words.join(" ")}.`);
  const memory = fc.record({
    content: fc.array(text, { minLength: 1, maxLength: 3 }).map((sentences) => sentences.join(" ")),
    importance: fc.integer({ min: 1, max: 10 }),
    createdAt: fc.integer({ min: 1, max: 500 }).map(ago),
    trust: fc.constantFrom("claimed" as const, "observed" as const),
    tags: fc.subarray(["x", "y"]),
    namespace: fc.constantFrom("global", "project:a"),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(memory, { minLength: 2, maxLength: 14 }),
      fc.array(
        fc.tuple(fc.nat(13), fc.nat(13), fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 500 })),
      ),
      async (inputs, links) => {
        const own = await openStorage(":memory:");
        const ids = await own.storeMany(inputs);
        for (const [from, to, strength, days] of links) {
          const ends = { from: ids[from] ?? "", to: ids[to] ?? "" };
          if (ends.from === ends.to || ends.from === "" || ends.to === "") continue;
          const link = { ...ends, strength: strength / 10, createdAt: ago(days), updatedAt: ago(days) };
          await own.import([{ link }], { onConflict: "skip" });
        }
        const start = await everything(own);
        for (const job of ["consolidate", "links", "importance", "archive"] as const) {
          const dry = await own.evolution.run({ jobs: [job], now: NOW, dryRun: true });
          const real = await own.evolution.run({ jobs: [job], now: NOW });
          const told = real.jobs.map(({ changes }) =>
            changes.map((change) => ({ ...change, merge: undefined })),
          );
          expect(
            dry.jobs.map(({ changes }) => changes.map((change) => ({ ...change, merge: undefined }))),
          ).toEqual(told);
        }
        const once = await everything(own);
        const again = await own.evolution.run({ now: NOW });
        expect(again.jobs.map(({ job, changed }) => [job, changed])).toEqual([
          ["consolidate", 0],
          ["links", 0],
          ["importance", 0],
          ["archive", 0],
        ]);
        expect(await everything(own)).toEqual(once);
        // Everything said is still there: nothing was lost, only hidden.
        for (const id of ids) expect(await own.get(id)).toBeDefined();
        for (const { merge } of await own.evolution.merges()) await own.evolution.undo(merge);
        const contents = async (): Promise<unknown> =>
          Promise.all(ids.map(async (id) => (await own.get(id))?.content));
        expect(await contents()).toEqual(inputs.map(({ content }) => content));
        expect(start).toBeDefined();
        await own.close();
      },
    ),
    { numRuns: 20, endOnFailure: true },
  );
}, 60_000);

test("runs on a schedule when asked, once in the time", async () => {
  const own = await openStorage({ url: ":memory:", evolution: { every: "1s", jobs: ["archive"] } });
  const id = await own.store({ content: "old", importance: 1, createdAt: new Date("2020-01-01") });
  await expect.poll(async () => (await own.listRecent()).length, { timeout: 5000 }).toBe(0);
  expect(await own.get(id)).toMatchObject({ archivedAt: expect.any(Date) });
  await own.close();
  await expect(openStorage({ url: ":memory:", evolution: { every: "soon" } })).rejects.toMatchObject({
    code: "E_INPUT",
  });
});
