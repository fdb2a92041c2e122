// How many faults the deterministic gates let through, and how much sound work they block. Real sources of this repository
// are changed one place at a time, each judged by the real gates, whose tests gate runs the package's real tests.
// Usage: node review/main.mjs [--mutants 200] [--twins 60] [--workers 2] [--seed 1] [--packages core,parallel-executor,...] [--minutes 30] [--json]
import { mkdtemp, mkdir, writeFile, readFile, cp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { TaskId } from "@mnemosyne/core";
import { gateNames, Reviewer } from "@mnemosyne/reviewer";
import { createCommandRunner, openTree } from "@mnemosyne/workspace";
import { applyEdit, mutationsOf, sample, twinsOf } from "./mutants.mjs";
import { copyPackage, removeFolder, sourcesOf, TEST_COMMAND, testsPass } from "./suite.mjs";

/** Packages with quick tests, and which of their files these are about. */
const PACKAGES = {
  "parallel-executor": /\.ts$/,
  core: /token-(?:estimate|features)\.ts$/,
  orchestrator: /\.ts$/,
  "context-monitor": /(?:budget|usage)\/[\w-]+\.ts$/,
};
const GATES = gateNames.filter((name) => name !== "intent");
const LONGEST_RUN = 120_000;

const { values } = parseArgs({
  options: {
    mutants: { type: "string", default: "200" },
    twins: { type: "string", default: "60" },
    workers: { type: "string", default: "2" },
    seed: { type: "string", default: "1" },
    packages: { type: "string", default: "core,parallel-executor" },
    minutes: { type: "string", default: "30" },
    json: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed);
const began = performance.now();
const home = await mkdtemp(path.join(tmpdir(), "mnemosyne-bench-review-"));
const commands = createCommandRunner();
let count = 0;

try {
  const packages = values.packages.split(",");
  for (const name of packages) {
    await copyPackage(name, path.join(home, name));
    await checkHealthy(name);
  }
  const files = await readSources(packages);
  const pick = (count, edits) =>
    sample(
      files.flatMap((file) => edits(file.text).map((edit) => ({ ...file, edit }))),
      count,
      ({ name, edit }) => `${name} ${edit.operator}`,
      seed,
    );
  const mutants = pick(Number(values.mutants), mutationsOf);
  const twins = pick(Number(values.twins), twinsOf);

  const changes = [
    ...mutants.map((change) => ({ kind: "mutant", ...change })),
    ...twins.map((change) => ({ kind: "twin", ...change })),
  ];
  // Mixed, so that a run that is cut short has seen some of all.
  const judged = await inParallel(
    sample(changes, changes.length, ({ edit }) => edit.operator, seed),
    Number(values.workers),
    judge,
  );
  if (judged.length < changes.length)
    console.log(`Stopped after ${values.minutes} minutes: ${judged.length} of ${changes.length} judged.`);
  report(judged);
} finally {
  await commands.close();
  await removeFolder(home);
}

/** A busy machine may fail a test that measures time; one that fails three times is broken. */
async function checkHealthy(name) {
  for (let tries = 0; tries < 3; tries++) if (await testsPass(path.join(home, name), LONGEST_RUN)) return;
  throw new Error(`The tests of ${name} fail as they are.`);
}

async function readSources(packages) {
  const files = [];
  for (const name of packages)
    for (const file of await sourcesOf(name, PACKAGES[name]))
      if (!file.endsWith("index.ts"))
        files.push({ name, file, text: await readFile(path.join(home, name, file), "utf8") });
  return files;
}

async function judge(change) {
  const { kind, name, file, text, edit } = change;
  const folder = path.join(home, `${kind}-${count++}`);
  const tree = await openTree({ source: path.join(home, name), tree: folder });
  try {
    const changed = applyEdit(text, edit);
    await tree.write(file, changed);
    const started = performance.now();
    const review = await new Reviewer({ cacheSize: 0 }).review(
      {
        runId: "bench",
        task: TaskId.parse("change"),
        attempt: 1,
        instructions: `Change \`${file}\`.`,
        goal: "",
        constraints: [],
        successCriteria: [],
        testCommand: TEST_COMMAND,
        workspace: tree,
        changes: await tree.changes(),
        tree: await tree.hash(),
        report: `I changed \`${file}\`.`,
        effects: [{ tool: "edit", input: { path: file }, ok: true }],
        earlier: [],
      },
      GATES.map((gate) => ({ gate, with: gate === "tests" ? { timeout: LONGEST_RUN } : {} })),
      { commands, signal: AbortSignal.timeout(10 * LONGEST_RUN) },
    );
    const durationMs = performance.now() - started;
    // What the gates let through is run again without them: could any test have told?
    const missed =
      kind === "mutant" && review.verdict === "pass" && !(await passesAlone(change, changed, folder));
    return { ...change, review, durationMs, missed };
  } finally {
    await tree.drop();
  }
}

async function passesAlone({ name, file }, changed, folder) {
  const plain = `${folder}-plain`;
  await mkdir(plain);
  await cp(path.join(home, name), plain, { recursive: true, verbatimSymlinks: true });
  await writeFile(path.join(plain, file), changed);
  try {
    return await testsPass(plain, LONGEST_RUN);
  } finally {
    await removeFolder(plain);
  }
}

async function inParallel(items, workers, work) {
  const results = [];
  const until = began + Number(values.minutes) * 60_000;
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < items.length && performance.now() < until; at = next++) {
      results.push(await work(items[at]));
      if (results.length % 20 === 0) process.stderr.write(`${results.length} of ${items.length} judged\n`);
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
  return results;
}

function report(judged) {
  const mutants = judged.filter(({ kind }) => kind === "mutant");
  const twins = judged.filter(({ kind }) => kind === "twin");
  const missed = mutants.filter((one) => one.missed);
  const caught = blocked(mutants);
  const gates = GATES.map((gate) => ({
    gate,
    mutants: blockedBy(mutants, gate).length,
    alone: blockedBy(mutants, gate).filter(
      ({ review }) => review.gates.filter(({ verdict }) => verdict !== "pass").length === 1,
    ).length,
    twins: blockedBy(twins, gate).length,
    medianMs: median(
      judged.flatMap(({ review }) =>
        review.gates.filter((one) => one.gate === gate).map((one) => one.durationMs),
      ),
    ),
  }));
  const totals = {
    mutants: mutants.length,
    caught: caught.length,
    missed: missed.length,
    noTestCan: mutants.length - caught.length - missed.length,
    twins: twins.length,
    twinsBlocked: blocked(twins).length,
    seconds: Math.round((performance.now() - began) / 1000),
  };
  if (values.json) {
    console.log(
      JSON.stringify({ totals, gates, missed: places(missed), twinsBlocked: places(blocked(twins)) }),
    );
  } else {
    console.log(
      `${totals.mutants} mutants: ${totals.caught} caught, ${totals.missed} missed, ${totals.noTestCan} that no test of the package can tell`,
    );
    console.log(`${totals.twins} clean twins: ${totals.twinsBlocked} blocked`);
    console.log("gate           mutants  by it alone  twins  median ms");
    for (const one of gates)
      console.log(
        `${one.gate.padEnd(14)} ${String(one.mutants).padStart(7)} ${String(one.alone).padStart(12)} ${String(one.twins).padStart(6)} ${String(Math.round(one.medianMs)).padStart(10)}`,
      );
    for (const [label, all] of [
      ["missed", missed],
      ["blocked twin", blocked(twins)],
    ])
      for (const { place, edit, findings } of places(all))
        console.log(`${label}: ${place} (${edit}) ${findings.join(", ")}`);
    const operators = new Map();
    for (const { edit, review } of mutants) {
      const [all, found] = operators.get(edit.operator) ?? [0, 0];
      operators.set(edit.operator, [all + 1, found + (review.verdict === "pass" ? 0 : 1)]);
    }
    console.log(
      `by operator: ${[...operators].map(([name, [all, found]]) => `${name} ${found}/${all}`).join(", ")}`,
    );
    console.log(`${totals.seconds} s with ${values.workers} workers`);
  }
  if (totals.missed > 0 || totals.twinsBlocked > 0) process.exitCode = 1;
}

function places(all) {
  return all.map(({ name, file, edit, review }) => ({
    place: `packages/${name}/${file}:${edit.line}`,
    edit: `${edit.operator}: ${edit.text.replaceAll(/\s+/g, " ").slice(0, 80)}`,
    findings: review.gates.flatMap(({ findings }) =>
      findings
        .filter(({ severity }) => severity === "blocker")
        .map(({ rule, evidence }) => `${rule} ${evidence ?? ""}`.trim()),
    ),
  }));
}

function blocked(all) {
  return all.filter(({ review }) => review.verdict !== "pass");
}

function blockedBy(all, gate) {
  return all.filter(({ review }) => review.gates.some((one) => one.gate === gate && one.verdict !== "pass"));
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
