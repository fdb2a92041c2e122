import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { openStorage } from "@mnemosyne/storage";
import { beforeAll, describe, expect, test } from "vitest";
import { start } from "./support/child.ts";
import { compiledPackage } from "./support/compiled-package.ts";
import { databases } from "./support/folder.ts";

const { fresh } = databases();
/** Shows system calls, and can make them fail: the only witness of what really reaches the disk. */
const traceable = spawnSync("strace", ["-e", "trace=none", process.execPath, "-e", "0"]).status === 0;

beforeAll(() => {
  if (traceable) compiledPackage();
}, 120_000);

/** What the log's file and standard output were sent, in order. */
function traced(file: string): readonly string[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line) => {
      const word = /write\(1<.*"(ack [a-z]+)/.exec(line)?.[1];
      if (word !== undefined) return [word];
      if (/pwrite64\(\d+<[^>]*-wal>/.test(line)) return ["write"];
      return /f(?:data)?sync\(\d+<[^>]*-wal>/.test(line) ? ["sync"] : [];
    });
}

describe.skipIf(!traceable)("seen through strace (skipped where it is missing or may not trace)", () => {
  test.each([
    ["full", { memory: "synced", journal: "synced", lease: "synced", ledger: "synced" }],
    ["normal", { memory: "written", journal: "synced", lease: "synced", ledger: "synced" }],
  ] as const)(
    "synchronous %s: what is acknowledged is on the disk",
    async (synchronous, synced) => {
      const { url, file } = fresh();
      const trace = `${file}.trace`;
      const child = start(
        `
      const storage = await openStorage({ url: arguments_[0], synchronous: arguments_[1] });
      await storage.journal.createRun({ runId: "r", name: "n", planHash: "h", plan: {} });
      await storage.ledger.open({ id: "r", limit: { tokens: 1000 } });
      say("ack start");
      for (let round = 0; round < 3; round++) {
        await storage.store({ content: "memory " + round });
        say("ack memory");
        await storage.journal.append({ runId: "r", head: round, entries: [{ class: "input", body: { type: "note", text: "n" } }] });
        say("ack journal");
        await storage.coordination.acquire({ owner: "o", resources: ["f" + round], mode: "exclusive", ttl: 1000 });
        say("ack lease");
        await storage.ledger.reserve("c" + round, "r", { tokens: 1, nanoUsd: 1, calls: 1 });
        say("ack ledger");
      }
      `,
        [url, synchronous],
        ["strace", "-f", "-y", "-e", "trace=pwrite64,write,fdatasync,fsync", "-o", trace],
      );
      await child.ended;
      const seen = traced(trace).slice(traced(trace).indexOf("ack start") + 1);
      const found: Record<string, string[]> = { memory: [], journal: [], lease: [], ledger: [] };
      let since: string[] = [];
      for (const step of seen) {
        const what = /^ack (\w+)/.exec(step)?.[1];
        if (what === undefined) since.push(step);
        else {
          // The sync must follow the last write, or part of what was acknowledged may still be in memory.
          const written = since.lastIndexOf("write");
          found[what]?.push(
            written === -1 ? "nothing" : since.lastIndexOf("sync") > written ? "synced" : "written",
          );
          since = [];
        }
      }
      for (const [what, wanted] of Object.entries(synced))
        expect([what, ...(found[what] ?? [])]).toEqual([what, wanted, wanted, wanted]);
    },
    60_000,
  );

  test("a commit that fails leaves nobody in a false belief, and the storage works on", async () => {
    const program = `
      const storage = await openStorage(arguments_[0]);
      say("opened");
      let unknown = 0;
      for (let number = 0; number < 12; number++) {
        const settled = await Promise.allSettled([0, 1, 2].map((caller) => storage.store({ content: number + " of " + caller })));
        for (const result of settled)
          if (result.status === "fulfilled") say("ack", result.value);
          else if (result.reason.code === "E_COMMIT_UNKNOWN") unknown++;
          else throw result.reason;
      }
      say("unknown", unknown);
      await storage.close();
    `;
    const first = fresh();
    const counted = `${first.file}.trace`;
    const dry = start(program, [first.url], ["strace", "-f", "-e", "trace=fsync,write", "-o", counted]);
    await dry.ended;
    expect(dry.lines.at(-1)).toBe("unknown 0");
    const [beforeOpened = ""] = readFileSync(counted, "utf8").split("opened");
    const syncs = beforeOpened.split("fsync(").length - 1;

    const { url } = fresh();
    const failing = `inject=fsync:error=EIO:when=${syncs + 4}`;
    const child = start(
      program,
      [url],
      ["strace", "-f", "-e", "trace=fsync", "-e", failing, "-o", "/dev/null"],
    );
    await child.ended;
    // All three callers of the one transaction are told; nobody else is.
    expect(child.lines.at(-1)).toBe("unknown 3");
    const acknowledged = child.lines.filter((line) => line.startsWith("ack ")).map((line) => line.slice(4));
    expect(acknowledged).toHaveLength(33);
    const storage = await openStorage(url);
    for (const id of acknowledged) expect(await storage.get(id)).toBeDefined();
    await storage.close();
  }, 60_000);
});
