import { describe, expect, test } from "vitest";
import {
  MnemosyneError,
  type Clock,
  type Gate,
  type GateJudgement,
  type GateSubject,
  type LanguageModel,
} from "@mnemosyne/core";
import { Reviewer, defaultGates, gateNames, type ReviewContext } from "@mnemosyne/reviewer";
import { commands, openProject } from "./project.ts";

type Judged = Awaited<ReturnType<Gate["judge"]>>;

const PASS: Judged = { verdict: "pass", findings: [] };
const FAIL: Judged = { verdict: "fail", findings: [{ rule: "x.bad", severity: "blocker", message: "Bad." }] };

/** A gate that answers from a list, one answer a call, the last one for ever; an error is thrown. */
function gate(
  name: string,
  answers: readonly (Judged | Error)[],
  more: Partial<Gate> = {},
): Gate & { calls: number } {
  const made: Gate & { calls: number } = {
    name,
    version: "1",
    calls: 0,
    async judge() {
      const answer = answers[Math.min(made.calls++, answers.length - 1)] ?? PASS;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    ...more,
  };
  return made;
}

const NO_WAIT: Clock = { now: () => 0, sleep: async () => {} };
const context = (more: Partial<ReviewContext> = {}): ReviewContext => ({
  commands,
  signal: new AbortController().signal,
  ...more,
});

async function withSubject<T>(use: (subject: GateSubject) => Promise<T>): Promise<T> {
  await using project = await openProject({ "a.txt": "a\n" }, { "a.txt": "b\n" });
  return await use(await project.subject());
}

const review = (gates: readonly Gate[], names: readonly string[], more: Partial<ReviewContext> = {}) =>
  withSubject((subject) =>
    new Reviewer({ gates, clock: NO_WAIT }).review(
      subject,
      names.map((name) => ({ gate: name, with: {} })),
      context(more),
    ),
  );

test("the built-in gates are the contract's eight", () => {
  expect(new Reviewer().names).toEqual(gateNames);
  expect(defaultGates().map(({ name }) => name)).toEqual(gateNames);
  expect(new Reviewer().modelGates).toEqual(["intent"]);
});

test("a gate that is not known is refused before any gate runs, with the names of those that are", async () => {
  const mine = gate("mine", [PASS]);
  await expect(review([mine], ["mine", "fact"])).rejects.toMatchObject({
    code: "E_INPUT",
    path: "gates[1]",
    message: expect.stringContaining("facts, constraints, noTodos, completeness, mine"),
  });
  expect(mine.calls).toBe(0);
});

test("a gate may not take the name of another", () => {
  expect(() => new Reviewer({ gates: [gate("facts", [PASS])] })).toThrow(/already a gate named 'facts'/);
});

test("a review of no gate is inconclusive, unless the caller says otherwise", async () => {
  await expect(review([], [])).resolves.toMatchObject({ verdict: "inconclusive", gates: [] });
  const lenient = new Reviewer({ empty: "pass" });
  await withSubject(async (subject) => {
    await expect(lenient.review(subject, [], context())).resolves.toMatchObject({ verdict: "pass" });
  });
});

describe("a gate that throws", () => {
  test("is tried twice more, and may then judge", async () => {
    const shaky = gate("shaky", [new Error("no"), new Error("no"), PASS]);
    await expect(review([shaky], ["shaky"])).resolves.toMatchObject({ verdict: "pass" });
    expect(shaky.calls).toBe(3);
  });

  test("ends with the verdict error, which blocks", async () => {
    const broken = gate("broken", [new Error("disk on fire")]);
    const result = await review([broken, gate("fine", [PASS])], ["fine", "broken"]);
    expect(broken.calls).toBe(3);
    expect(result.verdict).toBe("error");
    expect(result.gates[1]).toMatchObject({
      gate: "broken",
      verdict: "error",
      findings: [
        {
          rule: "broken.error",
          severity: "blocker",
          message: "The gate could not judge in 3 tries: disk on fire",
        },
      ],
    });
  });

  test("is not tried again for bad settings or a spent budget", async () => {
    const spent = gate("spent", [
      new MnemosyneError("E_BUDGET", "The budget is used up.", { kind: "budget" }),
    ]);
    await expect(review([spent], ["spent"])).resolves.toMatchObject({ verdict: "error" });
    expect(spent.calls).toBe(1);
    const unknownSetting = await withSubject((subject) =>
      new Reviewer().review(subject, [{ gate: "tests", with: { comand: "npm test" } }], context()),
    );
    expect(unknownSetting.gates[0]).toMatchObject({
      verdict: "error",
      findings: [{ message: expect.stringContaining("has no setting 'comand'"), evidence: "E_INPUT" }],
    });
  });

  test("waits longer before each try", async () => {
    const waits: number[] = [];
    const clock: Clock = { now: () => 0, sleep: async (milliseconds) => void waits.push(milliseconds) };
    await withSubject((subject) =>
      new Reviewer({ gates: [gate("broken", [new Error("no")])], clock }).review(
        subject,
        [{ gate: "broken", with: {} }],
        context(),
      ),
    );
    expect(waits).toEqual([200, 1000]);
  });
});

test("what a plug-in returns is held to the rules", async () => {
  const made = [
    gate("truthy", [{ verdict: "ok", findings: [] } as unknown as Judged]),
    gate("nothing", [{} as unknown as Judged]),
    gate("lenient", [{ ...FAIL, verdict: "pass" }]),
  ];
  const { gates, verdict } = await review(made, ["truthy", "nothing", "lenient"]);
  expect(gates.map((judgement) => judgement.verdict)).toEqual(["error", "error", "fail"]);
  expect(verdict).toBe("fail");
});

test("judgements keep the order in which gates were named, and each is told as it comes", async () => {
  const slow = gate("slow", [PASS], { after: ["quick"] });
  const told: GateJudgement[] = [];
  const result = await review([slow, gate("quick", [PASS])], ["slow", "quick"], {
    onJudged: (judgement) => told.push(judgement),
  });
  expect(result.gates.map((judgement) => judgement.gate)).toEqual(["slow", "quick"]);
  expect(told.map((judgement) => judgement.gate)).toEqual(["quick", "slow"]);
});

test("a gate sees the judgements that it comes after, and only those", async () => {
  const seen: (readonly string[])[] = [];
  const looking: Gate = {
    name: "looking",
    version: "1",
    after: ["first"],
    async judge(_subject, { judged = [] }) {
      seen.push(judged.map(({ gate }) => gate));
      return PASS;
    },
  };
  await review(
    [looking, gate("first", [{ ...PASS, measured: { passed: 3 } }]), gate("other", [PASS])],
    ["other", "looking", "first"],
  );
  expect(seen).toEqual([["first"]]);
});

test("gates that wait for each other are refused", async () => {
  const pair = [gate("a", [PASS], { after: ["b"] }), gate("b", [PASS], { after: ["a"] })];
  await expect(review(pair, ["a", "b"])).rejects.toMatchObject({ code: "E_INPUT" });
});

describe("a model gate", () => {
  test("runs after the programs, and not at all when one of them blocks", async () => {
    const order: string[] = [];
    const told = (judgement: GateJudgement): void => void order.push(judgement.gate);
    const model = gate("model", [PASS], { kind: "model" });
    await review([model, gate("program", [PASS])], ["model", "program"], { onJudged: told });
    expect(order).toEqual(["program", "model"]);

    const skipped = gate("model", [PASS], { kind: "model" });
    const blocked = await review([skipped, gate("program", [FAIL])], ["model", "program"]);
    expect(skipped.calls).toBe(0);
    expect(blocked.verdict).toBe("fail");
    expect(blocked.gates[0]).toMatchObject({
      gate: "model",
      verdict: "inconclusive",
      findings: [{ rule: "model.notAsked", severity: "note" }],
    });
  });

  test("can only lower a result", async () => {
    const result = await review(
      [gate("model", [FAIL], { kind: "model" }), gate("program", [PASS])],
      ["program", "model"],
    );
    expect(result.verdict).toBe("fail");
  });
});

describe("a verdict is bound to what was judged", () => {
  test("the same subject is not judged again once it passed", async () => {
    const counted = gate("counted", [PASS]);
    const reviewer = new Reviewer({ gates: [counted] });
    await withSubject(async (subject) => {
      const first = await reviewer.review(subject, [{ gate: "counted", with: {} }], context());
      const again = await reviewer.review(
        { ...subject, attempt: 2 },
        [{ gate: "counted", with: {} }],
        context(),
      );
      expect(counted.calls).toBe(1);
      expect(again.gates[0]?.subject).toBe(first.gates[0]?.subject);
    });
  });

  test("another tree, report, output, setting, effect or gate version is another subject", async () => {
    const counted = gate("counted", [PASS]);
    const reviewer = new Reviewer({ gates: [counted] });
    await withSubject(async (subject) => {
      const others: GateSubject[] = [
        subject,
        { ...subject, tree: "0".repeat(64) },
        { ...subject, report: "Something else." },
        { ...subject, output: { a: 1 } },
        { ...subject, instructions: "Do something else." },
        { ...subject, effects: [{ tool: "run", input: "npm test", ok: true }] },
      ];
      const hashes = new Set<string | undefined>();
      for (const other of others)
        hashes.add(
          (await reviewer.review(other, [{ gate: "counted", with: {} }], context())).gates[0]?.subject,
        );
      hashes.add(
        (await reviewer.review(subject, [{ gate: "counted", with: { strict: true } }], context())).gates[0]
          ?.subject,
      );
      const newer = new Reviewer({ gates: [gate("counted", [PASS], { version: "2" })] });
      hashes.add((await newer.review(subject, [{ gate: "counted", with: {} }], context())).gates[0]?.subject);
      expect(hashes.size).toBe(others.length + 2);
      expect(counted.calls).toBe(others.length + 1);
    });
  });

  test("what did not pass is judged again", async () => {
    const flaky = gate("flaky", [FAIL, PASS]);
    const reviewer = new Reviewer({ gates: [flaky] });
    await withSubject(async (subject) => {
      expect((await reviewer.review(subject, [{ gate: "flaky", with: {} }], context())).verdict).toBe("fail");
      expect((await reviewer.review(subject, [{ gate: "flaky", with: {} }], context())).verdict).toBe("pass");
    });
  });

  test("no more passes are remembered than are asked for", async () => {
    const counted = gate("counted", [PASS]);
    const reviewer = new Reviewer({ gates: [counted], cacheSize: 1 });
    await withSubject(async (subject) => {
      for (const report of ["a", "b", "a"])
        await reviewer.review({ ...subject, report }, [{ gate: "counted", with: {} }], context());
      expect(counted.calls).toBe(3);
    });
  });
});

describe("cancelling", () => {
  test("ends the review with E_CANCELLED, once every gate has ended", async () => {
    const controller = new AbortController();
    let ended = false;
    const waiting: Gate = {
      name: "waiting",
      version: "1",
      async judge(_subject, { signal }) {
        setTimeout(() => controller.abort(), 5);
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
        await new Promise((resolve) => setTimeout(resolve, 20));
        ended = true;
        throw signal.reason;
      },
    };
    await expect(
      review([waiting, gate("quick", [PASS])], ["waiting", "quick"], { signal: controller.signal }),
    ).rejects.toMatchObject({ code: "E_CANCELLED", kind: "cancelled" });
    expect(ended).toBe(true);
  });

  test("ends the wait before another try", async () => {
    const controller = new AbortController();
    const broken = gate("broken", [], {
      async judge() {
        broken.calls += 1;
        setTimeout(() => controller.abort(), 50);
        throw new Error("no");
      },
    });
    await withSubject(async (subject) => {
      const reviewer = new Reviewer({ gates: [broken], retryDelays: [60_000] });
      await expect(
        reviewer.review(subject, [{ gate: "broken", with: {} }], context({ signal: controller.signal })),
      ).rejects.toMatchObject({ code: "E_CANCELLED" });
    });
    expect(broken.calls).toBe(1);
  });

  test("kills a test command that is running", async () => {
    await withSubject(async (subject) => {
      const started = Date.now();
      const signal = AbortSignal.timeout(300);
      const running = new Reviewer().review(subject, [{ gate: "tests", with: { command: "sleep 30" } }], {
        commands,
        signal,
      });
      await expect(running).rejects.toMatchObject({ code: "E_CANCELLED" });
      expect(Date.now() - started).toBeLessThan(15_000);
    });
  });
});

test("the commands of a review run one at a time", async () => {
  let running = 0;
  let most = 0;
  const slow: ReviewContext["commands"] = {
    async run(command, options) {
      most = Math.max(most, ++running);
      try {
        return await commands.run(command, options);
      } finally {
        running--;
      }
    },
  };
  const shell = (name: string): Gate => ({
    name,
    version: "1",
    async judge(subject, context) {
      const { exitCode } = await context.commands.run(
        { line: "sleep 0.05" },
        { cwd: subject.workspace.root },
      );
      return exitCode === 0 ? PASS : FAIL;
    },
  });
  await expect(
    review([shell("a"), shell("b"), shell("c")], ["a", "b", "c"], { commands: slow }),
  ).resolves.toMatchObject({ verdict: "pass" });
  expect(most).toBe(1);
});

describe("regressions", () => {
  const named = (verdict: "pass" | "fail", passed: readonly string[]): Judged => ({
    verdict,
    passed,
    findings: verdict === "pass" ? [] : FAIL.findings,
  });

  test("a check that passed in an earlier attempt and fails now is one", async () => {
    const first = await review([gate("mine", [named("fail", ["a"])])], ["mine"]);
    const second = await review([gate("mine", [named("fail", ["b"])])], ["mine"], { history: [first] });
    expect([first.regressed, second.regressed]).toEqual([false, true]);
  });

  test("going on to pass is not, nor failing as before, nor being unable to judge", async () => {
    const first = await review([gate("mine", [named("fail", ["a"])])], ["mine"]);
    for (const now of [named("pass", ["a", "b"]), named("fail", ["a"]), new Error("no")]) {
      const second = await review([gate("mine", [now])], ["mine"], { history: [first] });
      expect(second.regressed).toBe(false);
    }
  });
});

test("a model is named in what its verdict is bound to", async () => {
  const subjects = new Set<string | undefined>();
  for (const model of ["small", "large"]) {
    const asked = { provider: "p", model } as LanguageModel;
    const { gates } = await review([gate("model", [PASS], { kind: "model" })], ["model"], { model: asked });
    subjects.add(gates[0]?.subject);
  }
  expect(subjects.size).toBe(2);
});
