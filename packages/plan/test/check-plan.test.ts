import type { Plan, Task } from "@mnemosyne/core";
import { checkPlan } from "@mnemosyne/plan";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { agentTask, plan, task } from "./support/plans.ts";

function faults(of: Plan): string[] {
  return checkPlan(of).findings.map(({ rule, path }) => `${rule}@${path}`);
}

/** A plan of `size` tasks; edges only go to earlier places of a shuffled order. */
const graphs = fc
  .tuple(
    fc
      .integer({ min: 1, max: 24 })
      .chain((size) => fc.shuffledSubarray([...Array(size).keys()], { minLength: size })),
    fc.infiniteStream(fc.nat({ max: 99 })),
  )
  .map(([order, numbers]) => {
    const next = (): number => numbers.next().value ?? 0;
    const dependsOn = order.map(() => [] as string[]);
    for (const [place, index] of order.entries())
      for (const earlier of order.slice(0, place)) if (next() < 25) dependsOn[index]?.push(`t${earlier}`);
    return dependsOn.map((names, index) => task(`t${index}`, names));
  });

function waitsFor(tasks: readonly Task[], later: string, earlier: string): boolean {
  const byId = new Map<string, Task>(tasks.map((one) => [one.id, one]));
  const seen = new Set<string>();
  const stack = [later];
  for (let id = stack.pop(); id !== undefined; id = stack.pop())
    for (const name of byId.get(id)?.dependsOn ?? []) {
      if (name === earlier) return true;
      if (!seen.has(name)) stack.push(name);
      seen.add(name);
    }
  return false;
}

describe("the order of a plan", () => {
  it("has dependencies first, and is the plan's own where it may be", () => {
    const { order, valid } = checkPlan(plan([task("c", ["a"]), task("b"), task("a"), task("d", ["b"])]));
    expect(valid).toBe(true);
    expect(order).toEqual(["b", "a", "c", "d"]);
  });

  it("respects every dependency of any sound plan", () => {
    fc.assert(
      fc.property(graphs, (tasks) => {
        const { order, findings } = checkPlan(plan(tasks));
        expect(findings).toEqual([]);
        expect(order.toSorted()).toEqual(tasks.map(({ id }) => id as string).toSorted());
        const place = new Map(order.map((id, index) => [id, index]));
        for (const { id, dependsOn } of tasks)
          for (const name of dependsOn) expect(place.get(name)).toBeLessThan(place.get(id) ?? -1);
      }),
    );
  });

  it("is empty for a plan that waits for itself; each circle is named in full", () => {
    const check = checkPlan(
      plan([
        task("a", ["b"]),
        task("b", ["c"]),
        task("c", ["a"]),
        task("x", ["y"]),
        task("y", ["x"]),
        task("z", ["a"]),
      ]),
    );
    expect(check).toMatchObject({ valid: false, order: [], criticalPath: [] });
    expect(check.findings.map(({ rule, message }) => [rule, message])).toEqual([
      ["cycle", "These tasks wait for each other in a circle: a -> b -> c -> a."],
      ["cycle", "These tasks wait for each other in a circle: x -> y -> x."],
    ]);
  });

  it("finds a circle in any plan that has one", () => {
    fc.assert(
      fc.property(graphs, fc.nat(), fc.nat(), (tasks, one, other) => {
        const a = tasks[one % tasks.length] as Task;
        const b = tasks[other % tasks.length] as Task;
        fc.pre(a !== b && waitsFor(tasks, b.id, a.id));
        const bent = tasks.map((each) =>
          each === a ? { ...each, dependsOn: [...each.dependsOn, b.id] } : each,
        );
        const { findings } = checkPlan(plan(bent));
        const cycle = findings.find(({ rule }) => rule === "cycle");
        const names = /circle: (.*)\.$/.exec(cycle?.message ?? "")?.[1]?.split(" -> ") ?? [];
        expect(names.length).toBeGreaterThan(2);
        expect(names[0]).toBe(names.at(-1));
        for (const [index, name] of names.slice(1).entries())
          expect(bent.find(({ id }) => id === names[index])?.dependsOn).toContain(name);
      }),
    );
  });
});

describe("the critical path", () => {
  it("is the longest chain, by weight where weights are given", () => {
    const tasks = [task("a"), task("b", ["a"]), task("c", ["b"]), task("x"), task("end", ["c", "x"])];
    expect(checkPlan(plan(tasks)).criticalPath).toEqual(["a", "b", "c", "end"]);
    expect(checkPlan(plan(tasks), { weights: { x: 10 } }).criticalPath).toEqual(["x", "end"]);
  });

  it("is a chain of dependencies as long as the deepest one", () => {
    fc.assert(
      fc.property(graphs, (tasks) => {
        const { criticalPath } = checkPlan(plan(tasks));
        const byId = new Map<string, Task>(tasks.map((one) => [one.id, one]));
        const depth = (id: string): number => 1 + Math.max(0, ...(byId.get(id)?.dependsOn ?? []).map(depth));
        expect(criticalPath).toHaveLength(Math.max(...tasks.map(({ id }) => depth(id))));
        for (const [index, id] of criticalPath.slice(1).entries())
          expect(byId.get(id)?.dependsOn).toContain(criticalPath[index]);
      }),
    );
  });
});

describe("references", () => {
  it("to what does not exist come with what was meant", () => {
    const [finding] = checkPlan(plan([task("build"), task("test", ["biuld"])])).findings;
    expect(finding).toEqual({
      severity: "error",
      rule: "unknownDependency",
      path: "tasks[1].dependsOn[0]",
      message: "Task 'test' depends on 'biuld', which does not exist.",
      fix: "Did you mean 'build'?",
    });
  });

  it.each<[string, readonly Task[], string]>([
    ["an id twice", [task("a"), task("a")], "duplicateId@tasks[1].id"],
    ["an illegal id", [task("a:b")], "id@tasks[0].id"],
    ["itself", [task("a", ["a"])], "selfDependency@tasks[0].dependsOn[0]"],
    ["a dependency twice", [task("a"), task("b", ["a", "a"])], "duplicateDependency@tasks[1].dependsOn[1]"],
    [
      "a condition on nothing",
      [task("a", [], { when: { task: "x" as never, path: "", equals: 1 } })],
      "when.unknown@tasks[0].when.task",
    ],
    [
      "a condition on what is not waited for",
      [task("a"), task("b", [], { when: { task: "a" as never, path: "", equals: 1 } })],
      "when.order@tasks[1].when.task",
    ],
    ["a list of nothing", [task("a", [], { forEach: "x" as never })], "forEach.unknown@tasks[0].forEach"],
    [
      "a list that is not waited for",
      [task("a"), task("b", [], { forEach: "a" as never })],
      "forEach.order@tasks[1].forEach",
    ],
    [
      "a list of a list",
      [task("a"), task("b", ["a"], { forEach: "a" as never }), task("c", ["b"], { forEach: "b" as never })],
      "forEach.list@tasks[2].forEach",
    ],
    [
      "the name of an instance",
      [task("a"), task("b", ["a"], { forEach: "a" as never }), task("b.0")],
      "duplicateId@tasks[2].id",
    ],
    [
      "a long name of a list",
      [task("a"), task("b".repeat(60), ["a"], { forEach: "a" as never })],
      "id@tasks[1].id",
    ],
  ])("to %s are refused", (_name, tasks, fault) => {
    expect(faults(plan(tasks))).toEqual([fault]);
  });
});

describe("tasks that may change the same files", () => {
  it.each([
    ["src/**", "src/a.ts", true],
    ["src/**", "src", true],
    ["src", "src/a/b.ts", true],
    ["src/a.ts", "src/a.ts", true],
    ["./src/a.ts", "src/a.ts", true],
    ["**", "docs/x.md", true],
    ["*.ts", "a.ts", true],
    ["src/*.ts", "src/*.md", true],
    ["src/{a,b}.ts", "src/c.ts", true],
    ["src/a.ts", "src/b.ts", false],
    ["src/a", "src/ab", false],
    ["src/**", "test/**", false],
    ["src-a/**", "src/**", false],
    ["packages/@scope/a/**", "packages/@scope/b/**", false],
  ])("'%s' and '%s': %s", (one, other, overlap) => {
    const tasks = [task("a", [], { writes: [one] }), task("b", [], { writes: [other] })];
    expect(faults(plan(tasks))).toEqual(overlap ? ["overlappingWrites@tasks[1].writes"] : []);
    const ordered = [
      task("a", [], { writes: [one] }),
      task("x", ["a"]),
      task("b", ["x"], { writes: [other] }),
    ];
    expect(faults(plan(ordered))).toEqual([]);
  });

  it("are found in any plan exactly where two of them are not ordered", () => {
    const globs = ["src/**", "src/a/**", "src/a/b.ts", "src/a", "src/b.ts", "test/**", "docs/x.md", "**"];
    fc.assert(
      fc.property(graphs, fc.infiniteStream(fc.nat({ max: 99 })), (bare, numbers) => {
        const next = (): number => numbers.next().value ?? 0;
        const tasks = bare.map((one) =>
          next() < 50
            ? {
                ...one,
                writes: [globs[next() % globs.length] as string, globs[next() % globs.length] as string],
              }
            : one,
        );
        const found = checkPlan(plan(tasks)).findings;
        const clash = tasks.some((a, index) =>
          tasks
            .slice(index + 1)
            .some(
              (b) =>
                clashes(a.writes ?? [], b.writes ?? []) &&
                !waitsFor(tasks, a.id, b.id) &&
                !waitsFor(tasks, b.id, a.id),
            ),
        );
        expect(found.length > 0).toBe(clash);
        for (const { path, message } of found) {
          expect(path).toMatch(/^tasks\[\d+\]\.writes$/);
          const [, first = "", second = ""] = /^Tasks '(\w+)' and '(\w+)'/.exec(message) ?? [];
          expect(waitsFor(tasks, first, second) || waitsFor(tasks, second, first)).toBe(false);
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** The rule said plainly: one path, or the literal start of a glob, lies within the other. */
function clashes(a: readonly string[], b: readonly string[]): boolean {
  return a.some((one) => b.some((other) => lies(one, other) || lies(other, one)));
}

function lies(outer: string, inner: string): boolean {
  const start = outer.replace(/\*.*$/, "");
  const end = inner.replace(/\*.*$/, "");
  if (outer.includes("*")) return end.startsWith(start);
  return end === start || end.startsWith(`${start}/`);
}

describe("tasks far apart that may change the same file", () => {
  const chain = (name: string, writes?: readonly string[]): Task[] =>
    Array.from({ length: 1000 }, (_, index) =>
      task(
        `${name}${index}`,
        index === 0 ? [] : [`${name}${index - 1}`],
        writes !== undefined && index === 999 ? { writes } : {},
      ),
    );

  it("are told from those that are ordered by a long way round", () => {
    const side = [...chain("a", ["x.ts"]), ...chain("b", ["x.ts"]), ...chain("c", ["y.ts"])];
    expect(faults(plan(side))).toEqual(["overlappingWrites@tasks[1999].writes"]);
    const joined = side.map((one) => (one.id === "b0" ? { ...one, dependsOn: ["a999" as Task["id"]] } : one));
    expect(faults(plan(joined))).toEqual([]);
    const [first, ...rest] = chain("a");
    const ends = [
      { ...(first as Task), writes: ["x.ts"] },
      ...rest.slice(0, -1),
      { ...(rest.at(-1) as Task), writes: ["x.ts"] },
    ];
    expect(faults(plan([...ends, ...chain("b")]))).toEqual([]);
  });

  it("are found however many such questions there are", () => {
    // Eighty files, each changed at the end of two long chains; every other pair is ordered.
    const pairs = Array.from({ length: 80 }, (_, pair) => {
      const before = Array.from({ length: 30 }, (_none, index) =>
        task(`p${pair}-${index}`, index === 0 ? [] : [`p${pair}-${index - 1}`]),
      );
      const one = task(`one${pair}`, [`p${pair}-29`, ...(pair === 0 ? [] : [`other${pair - 1}`])], {
        writes: [`f${pair}`],
      });
      const other = task(
        `other${pair}`,
        [pair % 2 === 0 ? `one${pair}` : `p${pair}-29`, ...(pair === 0 ? [] : [`other${pair - 1}`])],
        {
          writes: [`f${pair}`],
        },
      );
      return [...before, one, other];
    });
    const { findings } = checkPlan(plan(pairs.flat()));
    expect(findings.map(({ message }) => /'(one\d+)'/.exec(message)?.[1])).toEqual(
      Array.from({ length: 40 }, (_, index) => `one${2 * index + 1}`).toSorted(),
    );
  });
});

describe("an environment", () => {
  const known = { agents: ["executor", "tester"], gates: ["facts", "tests"], tools: ["read"] };

  it("tells which agents, gates and tools do not exist", () => {
    const of = plan(
      [
        agentTask("a", [], {
          work: { kind: "instructions", instructions: "x", agent: "excutor" },
          tools: ["raed"],
        }),
        task("b", [], {
          gates: [
            { gate: "facts", with: {} },
            { gate: "speling", with: {} },
          ],
        }),
      ],
      { finalGates: [{ gate: "test", with: {} }], goal: "x" },
    );
    expect(checkPlan(of, known).findings.map(({ rule, path, fix }) => [rule, path, fix])).toEqual([
      ["unknownAgent", "tasks[0].agent", "Did you mean 'executor'?"],
      ["unknownTool", "tasks[0].tools[0]", "Did you mean 'read'?"],
      ["unknownGate", "tasks[1].gates[1]", "Known are: facts, tests."],
      ["unknownGate", "finalGates[0]", "Did you mean 'tests'?"],
    ]);
  });

  it("without a model has no work for the executor; other agents may do without", () => {
    const tester = agentTask("b", [], { work: { kind: "instructions", instructions: "x", agent: "tester" } });
    const of = plan([agentTask("a"), tester]);
    expect(checkPlan(of, { hasModel: false }).findings).toMatchObject([
      { rule: "noModel", severity: "error", path: "tasks[0]" },
    ]);
    expect(checkPlan(of, { hasModel: false, modelAgents: [] }).valid).toBe(true);
  });

  it("with a model wants a bound on its cost", () => {
    const tester = agentTask("b", [], { work: { kind: "instructions", instructions: "x", agent: "tester" } });
    const found = checkPlan(plan([agentTask("a"), tester, task("c")]), { hasModel: true });
    expect(found.findings).toMatchObject([
      { rule: "noBound", severity: "error", path: "tasks[0]" },
      { rule: "noBound", severity: "warning", path: "tasks[1]" },
    ]);
    for (const budget of [{ tokens: 1000 }, { usd: 1 }]) {
      expect(checkPlan(plan([agentTask("a")], { budget }), { hasModel: true }).findings).toEqual([]);
      expect(checkPlan(plan([agentTask("a", [], { budget })]), { hasModel: true }).findings).toEqual([]);
    }
    expect(checkPlan(plan([agentTask("a")], { budget: { time: 1000 } }), { hasModel: true }).valid).toBe(
      false,
    );
  });

  it("gives a remark when final gates have nothing to go by", () => {
    const check = checkPlan(plan([task("a")], { finalGates: [{ gate: "intent", with: {} }] }));
    expect(check.valid).toBe(true);
    expect(check.findings).toMatchObject([{ severity: "warning", rule: "noCriteria" }]);
  });
});

describe("a plan of 100,000 tasks", () => {
  const size = 100_000;
  const ids = Array.from({ length: size }, (_, index) => `t${index}`);
  const shapes: Record<string, () => Task[]> = {
    "in a chain that writes the same files": () =>
      ids.map((id, index) => task(id, index === 0 ? [] : [ids[index - 1] as string], { writes: ["src/**"] })),
    "side by side, each with files of its own": () =>
      ids.map((id) => task(id, [], { writes: [`src/${id}/**`] })),
    "all joined by the last": () =>
      ids.map((id, index) => task(id, index === size - 1 ? ids.slice(0, -1) : [])),
    "in layers of ten, in pairs over all of it that share a file": () =>
      ids.map((id, index) =>
        task(
          id,
          index < 10 ? [] : [ids[index - 10] as string, ids[index - 1 - (index % 10)] as string],
          index < 20 || index >= size - 20 ? { writes: [`src/${index % 20}.ts`] } : {},
        ),
      ),
  };

  it.each(Object.keys(shapes))(
    "%s is checked soon",
    (shape) => {
      const of = plan(shapes[shape]?.() ?? []);
      const begin = process.cpuUsage();
      const check = checkPlan(of);
      const { user, system } = process.cpuUsage(begin);
      expect(check.order).toHaveLength(size);
      // A second is generous: it takes about 0.3 s. What it guards against would take minutes.
      expect((user + system) / 1e6).toBeLessThan(2);
    },
    30_000,
  );

  it("in one circle is refused without a stack that overflows", () => {
    const tasks = ids.map((id, index) => task(id, [ids[(index + 1) % size] as string]));
    const { findings } = checkPlan(plan(tasks));
    expect(findings).toHaveLength(1);
    expect(findings[0]?.message).toContain("t0 -> t1 -> t2");
    expect(findings[0]?.message.length).toBeLessThan(5000);
  }, 30_000);
});
