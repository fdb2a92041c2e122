import { MnemosyneError, type Journal, type JournalAppend } from "@mnemosyne/core";
import { OrchestrationEngine, type EngineStorage } from "@mnemosyne/engine";
import { definePlan } from "@mnemosyne/plan";
import { openStorage } from "@mnemosyne/storage";
import { describe, expect, test } from "vitest";

/** The real journal, but some appends land and then fail, or fail before they land. */
function unreliable(journal: Journal, fail: (count: number) => "lost" | "unknown" | undefined): Journal {
  let count = 0;
  return {
    createRun: (run) => journal.createRun(run),
    getRun: (id) => journal.getRun(id),
    listRuns: (options) => journal.listRuns(options),
    read: (id, options) => journal.read(id, options),
    head: (id) => journal.head(id),
    readPayload: (ref) => journal.readPayload(ref),
    async append(append: JournalAppend) {
      count += 1;
      const fault = fail(count);
      if (fault === undefined) return await journal.append(append);
      if (fault === "unknown") await journal.append(append);
      throw new MnemosyneError("E_COMMIT_UNKNOWN", "Nobody knows.", { kind: "unavailable" });
    },
  };
}

describe("commits of which nobody knows", () => {
  test.each(["lost", "unknown"] as const)("whether they were %s, each task completes once", async (fault) => {
    await using storage = await openStorage(":memory:");
    const journal = unreliable(storage.journal, (count) => (count % 3 === 2 ? fault : undefined));
    const shaky = new Proxy(storage, {
      get(target, name) {
        if (name === "journal") return journal;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    }) as EngineStorage;
    await using engine = new OrchestrationEngine(shaky);
    const ran: string[] = [];
    const task = (id: string, dependsOn: readonly string[] = []) => ({
      id,
      dependsOn: [...dependsOn],
      function: () => {
        ran.push(id);
        return id;
      },
    });
    const result = await engine.executePlan(
      definePlan({
        version: 1,
        name: "shaky",
        tasks: [task("a"), task("b", ["a"]), task("c", ["a"]), task("d", ["b", "c"])],
      }),
      { runId: "r1" },
    );
    expect(result.status).toBe("completed");
    expect(new Set(ran)).toEqual(new Set(["a", "b", "c", "d"]));
    const events = await storage.journal.read("r1");
    for (const id of ["a", "b", "c", "d"])
      expect(events.filter((event) => event.type === "task.completed" && event.task === id)).toHaveLength(1);
  });
});
