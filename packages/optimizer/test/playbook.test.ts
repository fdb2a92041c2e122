import {
  isMnemosyneError,
  type Finding,
  type GateJudgement,
  type Playbook,
  type PlaybookDelta,
  type Verdict,
} from "@mnemosyne/core";
import {
  MemoryPlaybookStore,
  Optimizer,
  createSimilarity,
  formatAceText,
  formatSkillbook,
  learn,
  lessonsFromReview,
  parseAceText,
  parseSkillbook,
  planRefinement,
  type TaskOutcome,
} from "@mnemosyne/optimizer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FINDING, request } from "./fixtures.ts";
import { parseText } from "./parse-text.ts";

const NAMESPACE = "project:demo";

const judged = (gate: string, verdict: Verdict, findings: readonly Finding[] = []): GateJudgement => ({
  gate,
  verdict,
  findings,
  subject: `subject of ${gate} ${verdict}`,
  durationMs: 1,
});

const blocked = { attempt: 1, gates: [judged("tests", "fail", [FINDING]), judged("facts", "pass")] };
const passed = {
  attempt: 2,
  gates: [judged("tests", "pass"), judged("facts", "pass")],
  changed: ["src/sum.ts"],
};

const outcome = (more: Partial<TaskOutcome> = {}): TaskOutcome => ({
  namespace: NAMESPACE,
  run: "r1",
  task: "fix",
  instructions: "Make the failing test pass.",
  attempts: [blocked, passed],
  ...more,
});

const add = (content: string, more: object = {}): PlaybookDelta => ({
  op: "add",
  section: "strategies",
  content,
  evidence: "seen",
  ...more,
});

async function playbookOf(...deltas: readonly PlaybookDelta[]): Promise<Playbook> {
  const store = new MemoryPlaybookStore();
  await store.apply(NAMESPACE, deltas, 0);
  return store.read(NAMESPACE);
}

describe("failed reviews teach", () => {
  it("makes a verified item of what was blocked and then passed", () => {
    const review = { run: "r1", task: "fix", instructions: "Fix it.", blocked, passed };
    const lessons = lessonsFromReview(review);
    expect(lessons).toMatchObject([
      { op: "add", verified: true, origin: { run: "r1", task: "fix", attempt: 2, gate: "tests" } },
    ]);
    const [lesson] = lessons;
    expect(lesson).toHaveProperty("content", expect.stringContaining("tests.failed in test/a.test.ts:3"));
    expect(lesson).toHaveProperty("content", expect.stringContaining("src/sum.ts"));
    expect(lesson?.evidence).toMatch(/failed attempt 1 .* passed attempt 2/);
  });

  it("teaches nothing of what still blocks, of gates that did not pass, or of errors", () => {
    const review = { run: "r1", task: "fix", instructions: "Fix it." };
    const of = (before: GateJudgement, after: GateJudgement): number =>
      lessonsFromReview({
        ...review,
        blocked: { attempt: 1, gates: [before] },
        passed: { attempt: 2, gates: [after] },
      }).length;
    expect(of(judged("tests", "fail", [FINDING]), judged("tests", "fail", [FINDING]))).toBe(0);
    expect(of(judged("tests", "fail", [FINDING]), judged("tests", "inconclusive"))).toBe(0);
    expect(of(judged("tests", "error", [FINDING]), judged("tests", "pass"))).toBe(0);
    expect(of(judged("tests", "fail", [FINDING]), judged("facts", "pass"))).toBe(0);
    expect(of(judged("tests", "fail", [{ ...FINDING, severity: "note" }]), judged("tests", "pass"))).toBe(0);
  });

  it("learns once, shows it to the next task as data, and counts what helped", async () => {
    const playbooks = new MemoryPlaybookStore();
    const optimizer = new Optimizer({ playbooks });
    const applied = await optimizer.learn(outcome());
    expect(applied?.version).toBe(1);
    await optimizer.learn(outcome());
    expect((await playbooks.read(NAMESPACE)).items).toHaveLength(1);

    const payload = await optimizer.buildContext(request());
    const block = parseText(payload.text).blocks.find(({ kind }) => kind === "playbook");
    expect(block?.text).toContain("tests.failed");
    expect(block?.attributes).toContain('trust="verified"');
    expect(payload.system).not.toContain("tests.failed");

    const [id = ""] = applied?.ids ?? [];
    await optimizer.learn(outcome({ run: "r2", attempts: [passed], used: [id, "str-99999"] }));
    await optimizer.learn(outcome({ run: "r3", attempts: [blocked, blocked], used: [id] }));
    expect((await playbooks.read(NAMESPACE)).items).toMatchObject([{ helpful: 1, harmful: 1 }]);
    expect((await playbooks.history(NAMESPACE)).map(({ run }) => run)).toEqual(["r1", "r2", "r3"]);
  });

  it("is learnt by many at once without losing one", async () => {
    const store = new MemoryPlaybookStore();
    await Promise.all(
      Array.from({ length: 10 }, (_, index) => {
        const finding = { ...FINDING, message: `case ${index} failed with code ${index * 37}` };
        const first = { attempt: 1, gates: [judged("tests", "fail", [finding])] };
        return learn(store, outcome({ run: `r${index}`, attempts: [first, passed] }));
      }),
    );
    const { version, items } = await store.read(NAMESPACE);
    expect([version, items.length]).toEqual([10, 10]);
  });

  it("counts a lesson that is known instead of adding it again", async () => {
    const store = new MemoryPlaybookStore();
    await learn(store, outcome());
    await learn(store, outcome({ run: "r2" }));
    expect((await store.read(NAMESPACE)).items).toMatchObject([{ helpful: 1 }]);
  });
});

describe("grow and refine", () => {
  it("merges what says the same and keeps every fact of it", async () => {
    const playbook = await playbookOf(
      add("Run the unit tests with npm test before each commit", { verified: true, helpful: 2 }),
      add("Before each commit run the unit tests with npm test", { helpful: 1 }),
      add("Use port 8443 when TLS is on"),
      add("Use port 9443 when TLS is on"),
      add("Never use port 8443 when TLS is on"),
    );
    const deltas = await planRefinement(playbook);
    expect(deltas).toMatchObject([{ op: "merge", ids: ["str-00001", "str-00002"] }]);
    const store = new MemoryPlaybookStore();
    await store.apply(NAMESPACE, (await historyOf(playbook)).deltas, 0);
    await store.apply(NAMESPACE, deltas, 1);
    expect((await store.read(NAMESPACE)).items[0]).toMatchObject({ helpful: 3, verified: true });
  });

  it("uses an embedder's meaning where there is one", async () => {
    const near = new Float32Array([1, 0]);
    const embedder = {
      id: "test@1/2",
      dimensions: 2,
      embed: async (texts: readonly string[]) => texts.map(() => near),
    };
    const playbook = await playbookOf(add("Prefer small commits"), add("Keep changes tiny"));
    expect(await planRefinement(playbook)).toEqual([]);
    const deltas = await planRefinement(playbook, { similarity: createSimilarity({ embedder }) });
    expect(deltas).toMatchObject([{ op: "merge", evidence: "they say the same (test@1/2 1.00)" }]);
  });

  it("removes what harmed, and above the limit the least useful unverified items only", async () => {
    const playbook = await playbookOf(
      add("Always retry the deployment", { harmful: 3, helpful: 1 }),
      add("A verified statement about the cache of src/cache.ts", { verified: true }),
      add("An untried statement about something else entirely"),
      add("A proven statement about logging levels", { helpful: 9 }),
    );
    const deltas = await planRefinement(playbook, { tokens: 25 });
    expect(deltas).toMatchObject([
      { op: "remove", id: "str-00001" },
      { op: "remove", id: "str-00003" },
    ]);
  });
});

const historyOf = async ({ items }: Playbook): Promise<{ readonly deltas: readonly PlaybookDelta[] }> => ({
  deltas: items.map((item) => ({ op: "restore", item, evidence: "copied" })),
});

describe("public formats", () => {
  it("reads ACE's text, hyphens of its headers and strangers' lines included", () => {
    const { deltas, problems } = parseAceText(
      "## STRATEGIES & INSIGHTS\n[sai-00001] helpful=5 harmful=0 :: Page through results until empty\n\n" +
        "## PROBLEM-SOLVING HEURISTICS\n[psh-00002] helpful=0 harmful=1 :: Try the small case first\nnot an item\n",
    );
    expect(deltas).toMatchObject([
      {
        id: "sai-00001",
        section: "strategies_and_insights",
        helpful: 5,
        content: "Page through results until empty",
      },
      { id: "psh-00002", section: "problem_solving_heuristics", harmful: 1 },
    ]);
    expect(problems).toEqual(["line 6 is no item: not an item"]);
  });

  it("reads a skillbook and leaves out what was removed there", () => {
    const { deltas, problems } = parseSkillbook(
      JSON.stringify({
        skills: {
          "general-00001": {
            id: "general-00001",
            section: "general",
            content: "Ask first",
            status: "active",
          },
          "general-00002": { id: "general-00002", section: "general", content: "Gone", status: "invalid" },
        },
        sections: { general: ["general-00001"] },
        next_id: 3,
      }),
    );
    expect(deltas).toMatchObject([
      { op: "add", id: "general-00001", section: "general", content: "Ask first" },
    ]);
    expect(problems).toEqual(["'general-00002' was removed there"]);
    expect(() => parseSkillbook("[]")).toThrow(/no skillbook/);
    expect(() => parseSkillbook("no json")).toThrow(/no skillbook/);
  });

  it("gives items back from both formats with ids, counts, sections and every character", async () => {
    const content = fc
      .string({ minLength: 1, maxLength: 60, unit: "grapheme" })
      .map((text) => text.replaceAll("\r", "\n").replaceAll(/[\ud800-\udfff]/gu, "?"))
      .filter((text) => text.trim() !== "" && text === text.trimEnd());
    const section = fc.constantFrom("strategies", "common_mistakes", "Mixed Case", "with-hyphen");
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(content, section, fc.nat(99), fc.nat(99)), { minLength: 1, maxLength: 8 }),
        async (given) => {
          const playbook = await playbookOf(
            ...given.map(([text, name, helpful, harmful]) => add(text, { section: name, helpful, harmful })),
          );
          const view = ({ items }: Playbook): unknown =>
            items.map((item) => [item.id, item.section, item.content, item.helpful, item.harmful]);
          for (const { deltas, problems } of [
            parseAceText(formatAceText(playbook)),
            parseSkillbook(formatSkillbook(playbook)),
          ]) {
            expect(problems).toEqual([]);
            expect(view(await playbookOf(...deltas))).toEqual(view(playbook));
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe("200 rounds", () => {
  it("lose no verified item without a recorded delta, whatever is tried", async () => {
    const store = new MemoryPlaybookStore();
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    await store.apply(
      NAMESPACE,
      Array.from({ length: 12 }, (_, index) =>
        add(
          `Rule ${index}: run \`check-${index}\` on src/part${index}.ts unless flag --skip${index} is set`,
          { verified: true },
        ),
      ),
      0,
    );
    const verified = new Map((await store.read(NAMESPACE)).items.map(({ id, content }) => [id, content]));
    let refused = 0;
    let accepted = 0;
    for (let round = 0; round < 200; round++) {
      const { version, items } = await store.read(NAMESPACE);
      const pick = (): string => items[random(items.length)]?.id ?? "";
      const evidence = `round ${round}`;
      const [a, b] = [pick(), pick()];
      const attempts: readonly (readonly PlaybookDelta[])[] = [
        [add(`Lesson of round ${round}: value ${round} in \`mod${round}\``, { verified: round % 3 === 0 })],
        [{ op: "tag", id: a, helpful: 1, evidence }],
        [
          {
            op: "update",
            id: a,
            content: `${items.find(({ id }) => id === a)?.content} (seen in round ${round})`,
            evidence,
          },
        ],
        // Adversarial: shorten, swallow, wipe, rewrite the whole, forge a restore, hide one loss among many adds.
        [{ op: "update", id: a, content: "Be careful.", evidence }],
        ...(a === b
          ? []
          : [[{ op: "merge", ids: [a, b], content: "Both say be careful", evidence } as const]]),
        items.map(({ id }) => ({ op: "remove", id, evidence })),
        [
          ...items.map(({ id }): PlaybookDelta => ({ op: "remove", id, evidence })),
          add("In short: be careful", { verified: true }),
        ],
        items.slice(0, 1).map((item) => ({
          op: "restore",
          item: {
            id: item.id,
            section: item.section,
            content: "Be careful",
            helpful: 0,
            harmful: 0,
            verified: false,
            evidence: [],
          },
          evidence,
        })),
        [add("noise"), ...items.slice(0, 8).map(({ id }): PlaybookDelta => ({ op: "remove", id, evidence }))],
        [{ op: "remove", id: a, evidence }],
      ];
      const deltas = attempts[random(attempts.length)] ?? [];
      try {
        await store.apply(NAMESPACE, deltas, version);
        accepted++;
        for (const delta of deltas)
          if (delta.op === "add" && delta.verified === true) {
            const made = (await store.read(NAMESPACE)).items.find(({ content }) => content === delta.content);
            if (made !== undefined) verified.set(made.id, made.content);
          }
      } catch (error) {
        if (!isMnemosyneError(error) || error.code !== "E_PLAYBOOK_LOSS") throw error;
        refused++;
      }
    }
    const { items } = await store.read(NAMESPACE);
    const history = await store.history(NAMESPACE);
    for (const [id, content] of verified) {
      const now = items.find((item) => item.id === id);
      if (now?.content.includes(content) === true) continue;
      const recorded = history.some(({ deltas }) =>
        deltas.some(
          (delta) =>
            ((delta.op === "remove" || delta.op === "update") && delta.id === id) ||
            (delta.op === "merge" && delta.ids.includes(id)),
        ),
      );
      expect(recorded, `${id} is gone or shorter without a recorded delta`).toBe(true);
    }
    expect(refused).toBeGreaterThan(60);
    expect(accepted).toBeGreaterThan(40);
    expect(items.length).toBeGreaterThan(30);
    // Everything can be taken back to the first version.
    for (const { version } of history.slice(1).toReversed()) await store.revert(NAMESPACE, { version });
    expect((await store.read(NAMESPACE)).items).toEqual((await store.read(NAMESPACE, { version: 1 })).items);
  });
});
