// What it takes to put a context together from 100,000 memories, 200 files and 50 skills.
//
//   npm run build
//   node bench/context/assembly.mjs [--memories 100000] [--tasks 60]
//
// `whole`: the call of `buildContext`, warm. `searches`: what it searches, by itself and at the same time, alternating with
// the whole calls: the memory store, the workspace for files, and the folders of skills. `beyond`: the difference, call by call.
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { TaskId } from "@mnemosyne/core";
import { createStaticEmbedder } from "@mnemosyne/embeddings";
import { Optimizer, createSkillSource, skillRoots } from "@mnemosyne/optimizer";
import { openStorage } from "@mnemosyne/storage";
import { openShared } from "@mnemosyne/workspace";

const { values } = parseArgs({
  options: {
    memories: { type: "string", default: "100000" },
    tasks: { type: "string", default: "60" },
    budget: { type: "string", default: "20000" },
  },
});
const MEMORIES = Number(values.memories);
const READS = ["src/**/*.ts"];
const BUDGET = Number(values.budget);

let state = 42;
const below = (limit) => {
  state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
  return Math.floor((state / 0x80000000) * limit);
};
const syllables = "ka lo mi ren tas vel dor pin sua gre cho bel nar fit wom".split(" ");
const vocabulary = Array.from({ length: 6000 }, () =>
  Array.from({ length: 2 + below(2) }, () => syllables[below(syllables.length)]).join(""),
);
/** Words with frequencies as in a language. */
const word = () => vocabulary[Math.floor(vocabulary.length ** (below(1e6) / 1e6)) - 1];
const words = (count) => Array.from({ length: count }, word).join(" ");

const folder = mkdtempSync(join(tmpdir(), "mnemosyne-assembly-"));
const write = (path, text) => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
};
for (let file = 0; file < 200; file++)
  write(
    `src/part${file % 20}/${vocabulary[file]}.ts`,
    Array.from({ length: 20 + below(120) }, () => `export const ${word()} = "${words(6)}";`).join("\n"),
  );
for (let skill = 0; skill < 50; skill++)
  write(
    `.claude/skills/${vocabulary[skill + 300]}/SKILL.md`,
    `---\nname: ${vocabulary[skill + 300]}\ndescription: ${words(20)}. Use when ${words(6)}.\n---\n${words(400)}\n`,
  );

const storage = await openStorage({
  url: `file:${join(folder, "memories.db")}`,
  embedder: createStaticEmbedder(),
});
const begun = performance.now();
for (let done = 0; done < MEMORIES; done += 5000)
  await storage.storeMany(
    Array.from({ length: Math.min(5000, MEMORIES - done) }, () => ({
      content: words(30),
      namespace: "project:bench",
    })),
  );
console.log(`${MEMORIES} memories stored in ${((performance.now() - begun) / 1000).toFixed(0)} s`);

const skills = createSkillSource({ roots: await skillRoots({ project: folder }) });
const workspace = await openShared(folder, { base: "none" });
let asked;
const memory = {
  search(...args) {
    asked = args;
    return storage.search(...args);
  },
};
const tasks = Array.from({ length: Number(values.tasks) }, () => words(12));
const build = (optimizer, instructions) =>
  optimizer.buildContext({
    task: { id: TaskId.parse("bench"), instructions, reads: READS },
    goal: words(8),
    constraints: [],
    successCriteria: [],
    namespace: "project:bench",
    budget: BUDGET,
    workspace,
  });

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
const p95 = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length * 0.95)];
const show = (name, list) =>
  console.log(`${name.padEnd(28)} median ${median(list).toFixed(2)} ms   p95 ${p95(list).toFixed(2)} ms`);

const measure = async (label, optimizer, search) => {
  for (const task of tasks.slice(0, 20)) await build(optimizer, task);
  const whole = [];
  const searches = [];
  let items = 0;
  for (const task of tasks) {
    const begin = performance.now();
    const payload = await build(optimizer, task);
    whole.push(performance.now() - begin);
    items += payload.sections.reduce((sum, section) => sum + section.items.length, 0);
    const again = performance.now();
    await search();
    searches.push(performance.now() - again);
  }
  show(`${label}: whole`, whole);
  show(`${label}: searches`, searches);
  show(
    `${label}: beyond`,
    whole.map((took, index) => took - searches[index]),
  );
  console.log(`${" ".repeat(28)} ${(items / tasks.length).toFixed(0)} items a context`);
};

const files = () => Promise.all([workspace.list(READS, { limit: 201 }), skills.list()]);
await measure("all", new Optimizer({ memory, skills, playbooks: storage.playbooks }), () =>
  Promise.all([storage.search(...asked), files()]),
);
await measure("without memories", new Optimizer({ skills, playbooks: storage.playbooks }), files);
await storage.close();
rmSync(folder, { recursive: true, force: true });
