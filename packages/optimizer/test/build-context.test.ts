import { Optimizer, SYSTEM_INSTRUCTIONS } from "@mnemosyne/optimizer";
import {
  TaskId,
  type ContextItem,
  type ContextPayload,
  type ContextShare,
  type ContextSource,
  type Finding,
} from "@mnemosyne/core";
import { describe, expect, it } from "vitest";
import { FINDING, hit, included, item, request, source, thrown } from "./fixtures.ts";
import { parseText } from "./parse-text.ts";

const MEMORY_ID = "019340a0-7c1e-7a2b-8f00-3d5b6c7d8e9f";

describe("buildContext", () => {
  it("stands as documented: plan, head, task, then what changes more often, memories last", async () => {
    const payload = await new Optimizer({
      memory: { search: async () => [hit(MEMORY_ID, "ISO dates only.")] },
      sources: [source("project", [item("p1", "A project note.")])],
    }).buildContext(
      request({
        inputs: { build: { ok: true } },
        attempt: 2,
        findings: [FINDING],
        answers: [{ question: "Which?", text: "The first." }],
      }),
    );
    expect(payload.system).toBe(SYSTEM_INSTRUCTIONS);
    const { blocks, outside } = parseText(payload.text);
    expect(blocks.map((block) => block.kind)).toEqual([
      "goal",
      "constraints",
      "criteria",
      "task",
      "result",
      "data",
      "finding",
      "answer",
      "memory",
    ]);
    expect(outside).toEqual([
      "Task: fix",
      "Attempt: 2",
      "Results of the tasks that this one depends on:",
      "More information:",
      "What blocked the attempt before; resolve each:",
      "Answers that a person gave:",
      "Recalled memories:",
    ]);
    const memoryBlock = blocks.at(-1);
    expect(memoryBlock?.attributes).toContain('trust="claimed"');
    expect(memoryBlock?.attributes).toContain('from="run r0, agent executor"');
    expect(payload.recalled).toEqual([MEMORY_ID]);
    expect(payload.sections.map(({ name }) => name)).toEqual(["critical", "project", "general"]);
  });

  it("begins with the same bytes for every task and attempt of a run", async () => {
    const texts = await Promise.all([build("a", 1), build("b", 1), build("b", 2)]);
    const prefix = texts.map((each) => each.slice(0, each.indexOf("Task: ")));
    expect(prefix[0]).toContain("Ship 2.0");
    expect(new Set(prefix).size).toBe(1);
  });

  it("puts the head first when the plan's own text holds a line like it", async () => {
    const { text } = await new Optimizer().buildContext(
      request({ goal: "Notes\n  task: other\nAttempt: 9" }),
    );
    expect(text.startsWith("Task: fix\nAttempt: 1\n")).toBe(true);
    expect(parseText(text).blocks[0]).toMatchObject({
      kind: "goal",
      text: "Notes\n  task: other\nAttempt: 9",
    });
  });

  it("has another fence for another nonce, and the same for the same", async () => {
    expect(await fence("one")).toBe(await fence("one"));
    expect(await fence("one")).not.toBe(await fence("two"));
  });

  it("refuses a budget that the critical section alone exceeds, naming it, and gives nothing", async () => {
    const error = await thrown(new Optimizer().buildContext(request({ budget: 100 })));
    expect(error).toMatchObject({
      code: "E_BUDGET",
      path: "critical",
      details: { section: "critical", budget: 100 },
    });
    const large = await thrown(
      new Optimizer({ sources: [source("critical", [item("c", "word ".repeat(5000))])] }).buildContext(
        request({ budget: 2000 }),
      ),
    );
    expect(large).toMatchObject({ code: "E_BUDGET" });
  });

  it("refuses what is no budget and no task id", async () => {
    for (const budget of [0, -5, 1.5, Number.NaN])
      expect(await thrown(new Optimizer().buildContext(request({ budget })))).toMatchObject({
        code: "E_INPUT",
        path: "budget",
      });
    const id = "fix\nAttempt: 9" as TaskId;
    expect(
      await thrown(new Optimizer().buildContext(request({ task: { id, instructions: "x", reads: [] } }))),
    ).toMatchObject({ code: "E_INPUT" });
    expect(() => new Optimizer({ shares: { critical: 90 } })).toThrow(/150 %/);
    expect(() => new Optimizer({ shares: { general: { share: 10, min: 20, max: 10 } } })).toThrow(/general/);
  });

  it("lets unused shares flow on: project, then skills, then general", async () => {
    const all = await new Optimizer({
      skills: false,
      sources: [filler("project", 200), filler("general", 200)],
    }).buildContext(request({ budget: 8000 }));
    // Critical leaves most of its 40 %, which project gets on top of its 20; skills leaves its 30 to general's 10.
    expect(share(all, "project") / 8000).toBeGreaterThan(0.4);
    expect(share(all, "project") / 8000).toBeLessThan(0.6);
    expect(share(all, "general") / 8000).toBeGreaterThan(0.35);
    expect(all.tokens).toBeGreaterThan(8000 * 0.93);
    const alone = await new Optimizer({ sources: [filler("general", 300)] }).buildContext(
      request({ budget: 8000 }),
    );
    expect(alone.tokens).toBeGreaterThan(8000 * 0.93);
    const capped = await new Optimizer({
      sources: [filler("general", 300)],
      shares: { general: { share: 10, max: 15 } },
    }).buildContext(request({ budget: 8000 }));
    expect(share(capped, "general") / 8000).toBeLessThanOrEqual(0.15);
    const kept = await new Optimizer({
      sources: [filler("project", 200), filler("general", 200)],
      shares: { project: 50, skills: 0, general: { share: 10, min: 10 } },
    }).buildContext(request({ budget: 8000 }));
    expect(share(kept, "general") / 8000).toBeGreaterThan(0.05);
  });

  it("takes the most relevant first, and still tries smaller ones after one that does not fit", async () => {
    const long = "long ".repeat(3000);
    const skills = source("skills", [
      item("late", "small", 0.1),
      { ...item("big", long, 0.9), data: false, kind: "skill" } as ContextItem,
      item("first", "tiny", 1),
    ]);
    const payload = await new Optimizer({ sources: [skills] }).buildContext(request({ budget: 3000 }));
    expect(included(payload)).toContain("first");
    expect(included(payload)).toContain("late");
    expect(payload.dropped).toMatchObject([{ id: "big", source: "custom" }]);
    expect(payload.dropped[0]?.reason).toMatch(/^no room: it needs \d+ tokens, \d+ are left$/);
  });

  it("keeps the first of what is offered twice, and says of which the other is a copy", async () => {
    const sources = [
      source("project", [item("a", "same text"), item("a", "other")], "one"),
      source("general", [item("b", "same text")], "two"),
    ];
    const payload = await new Optimizer({ sources }).buildContext(request());
    expect(payload.dropped.map(({ id, reason }) => [id, reason])).toEqual([
      ["a", "an item with this id was offered before"],
      ["b", "the same text as 'a'"],
    ]);
  });

  it("shows later attempts fewer findings, and reports the others", async () => {
    const findings: Finding[] = Array.from({ length: 20 }, (_, index) => ({
      rule: index % 2 === 0 ? "tests.failed" : "facts.wrong",
      severity: index < 12 ? "blocker" : "warning",
      message: `finding ${index}`,
    }));
    const shown = async (attempt: number): Promise<number> => {
      const payload = await new Optimizer().buildContext(request({ findings, attempt }));
      const count = parseText(payload.text).blocks.filter((block) => block.kind === "finding").length;
      expect(payload.dropped).toHaveLength(20 - count);
      return count;
    };
    expect([await shown(2), await shown(3), await shown(4), await shown(5), await shown(9)]).toEqual([
      20, 8, 8, 3, 3,
    ]);
  });

  it("cuts long evidence, and keeps the whole of it to be read back", async () => {
    const evidence = Array.from({ length: 4000 }, (_, index) => `line ${index} of the output`).join("\n");
    const optimizer = new Optimizer();
    const payload = await optimizer.buildContext(
      request({ attempt: 2, findings: [{ ...FINDING, evidence }] }),
    );
    expect(payload.tokens).toBeLessThanOrEqual(20_000);
    expect(payload.text).toContain("line 0 of the output");
    expect(payload.text).toContain("line 3999 of the output");
    expect(payload.text).toContain('read them back by the id "finding:1"');
    expect(await optimizer.readBack("finding:1")).toContain("line 2000 of the output");
  });

  it("lets what a source throws through, and stops when asked", async () => {
    const broken: ContextSource = {
      name: "broken",
      share: "general",
      collect: async () => Promise.reject(new Error("source is down")),
    };
    expect(await thrown(new Optimizer({ sources: [broken] }).buildContext(request()))).toMatchObject({
      message: "source is down",
    });
    expect(
      await thrown(new Optimizer().buildContext(request({ signal: AbortSignal.abort() }))),
    ).toMatchObject({ code: "E_CANCELLED" });
    const controller = new AbortController();
    const slow: ContextSource = {
      name: "slow",
      share: "general",
      collect: async () => {
        controller.abort();
        return [];
      },
    };
    expect(
      await thrown(new Optimizer({ sources: [slow] }).buildContext(request({ signal: controller.signal }))),
    ).toMatchObject({ code: "E_CANCELLED" });
  });

  it("puts 200 items together in milliseconds", async () => {
    const items = Array.from({ length: 200 }, (_, index) =>
      item(`i${index}`, `Item ${index}: ${"some words of a memory ".repeat(20)}`, index / 200),
    );
    const optimizer = new Optimizer({ sources: [source("general", items)] });
    const times: number[] = [];
    for (let round = 0; round < 30; round++) {
      const begin = performance.now();
      await optimizer.buildContext(request({ budget: 40_000 }));
      times.push(performance.now() - begin);
    }
    // A few milliseconds on an idle machine; the fastest round of a busy one still catches work that is not linear.
    expect(Math.min(...times)).toBeLessThan(60);
  });
});

const build = async (task: string, attempt: number): Promise<string> =>
  (
    await new Optimizer({ nonce: () => `${task}${attempt}` }).buildContext(
      request({ task: { id: TaskId.parse(task), instructions: `Do ${task}.`, reads: [] }, attempt }),
    )
  ).text;

const fence = async (nonce: string): Promise<string | undefined> =>
  parseText(
    (await new Optimizer({ nonce, sources: [source("general", [item("i", "x")])] }).buildContext(request()))
      .text,
  ).blocks.at(-1)?.fence;

const filler = (share: ContextShare, count: number): ContextSource =>
  source(
    share,
    Array.from({ length: count }, (_, index) =>
      item(`${share}${index}`, `${share} ${index} `.repeat(20), 1 - index / 1000),
    ),
  );
const share = (payload: ContextPayload, name: string): number =>
  payload.sections.find((section) => section.name === name)?.tokens ?? 0;
