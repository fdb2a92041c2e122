// How well searches find, through the public calls, on LoCoMo (conversations) and RealMem (facts of assistants).
// node bench/retrieval/main.mjs --locomo FOLDER --realmem FOLDER [--no-embedder]     (needs built packages)
// The folders hold NAME.turns.jsonl or NAME.memories.jsonl and NAME.questions.jsonl; see data.mjs for their fields.
import { parseArgs } from "node:util";
import { createStaticEmbedder } from "@mnemosyne/embeddings";
import { CATEGORIES, locomo, realmem } from "./data.mjs";
import { head, row } from "./measures.mjs";
import { replay } from "./replay.mjs";

const { values } = parseArgs({
  options: {
    locomo: { type: "string" },
    realmem: { type: "string" },
    "no-embedder": { type: "boolean", default: false },
  },
});
if (values.locomo === undefined && values.realmem === undefined) {
  console.error("usage: node bench/retrieval/main.mjs --locomo FOLDER --realmem FOLDER [--no-embedder]");
  process.exit(2);
}

const embedder = values["no-embedder"] ? undefined : createStaticEmbedder();
const WAYS = [
  { label: "words alone, no threads, actors, dates or tags", plain: true },
  { label: "lexical (default without an embedder)" },
  { label: "lexical, all in one database", shared: true },
  { label: "lexical, with today's clock", now: true },
];
if (embedder !== undefined)
  WAYS.push(
    { label: `with ${embedder.id}`, embedder },
    { label: `with ${embedder.id}, all in one database`, embedder, shared: true },
    { label: `with ${embedder.id}, with today's clock`, embedder, now: true },
  );

/** Prints one row for each way, and one for each category of the two that matter most. */
async function table(title, conversations, isMain) {
  console.log(`\n### ${title}\n\n${head("search")}`);
  const byCategory = [];
  for (const { label, ...options } of WAYS) {
    const { results, millisecondsPerSearch } = await replay(conversations, options);
    console.log(row(`${label} (${millisecondsPerSearch.toFixed(2)} ms a search)`, results.filter(isMain)));
    if (Object.keys(options).every((name) => name === "embedder")) byCategory.push({ label, results });
  }
  console.log(`\n${head("by category")}`);
  for (const { label, results } of byCategory)
    for (const category of [...new Set(results.map((result) => result.category))].toSorted((a, b) =>
      a.localeCompare(b),
    ))
      console.log(
        row(
          `${category}: ${label}`,
          results.filter((result) => result.category === category),
        ),
      );
}

if (values.locomo !== undefined) {
  const conversations = locomo(values.locomo);
  await table(
    `LoCoMo, ${conversations.length} conversations, categories 1-4 (adversarial apart)`,
    conversations,
    ({ category }) => category !== CATEGORIES[5],
  );
}
if (values.realmem !== undefined) {
  const personas = realmem(values.realmem);
  await table(
    `RealMem, ${personas.length} personas, questions see earlier sessions only`,
    personas,
    () => true,
  );
}
