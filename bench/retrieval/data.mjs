// Reads the two data sets from folders that are given on the command line; nothing of them is kept in this repository.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const lines = (file) =>
  readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

const day = (text) => `${text.slice(0, 10)}T00:00:00Z`;

const names = (folder, ending) =>
  readdirSync(folder)
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length))
    .toSorted();

export const CATEGORIES = {
  1: "multi-hop",
  2: "temporal",
  3: "open-domain",
  4: "single-hop",
  5: "adversarial",
};

/**
 * LoCoMo: each turn of a conversation is a memory, each session a thread, each speaker an actor. All questions are
 * asked after the last turn.
 */
export function locomo(folder) {
  return names(folder, ".turns.jsonl").map((name) => {
    const turns = lines(join(folder, `${name}.turns.jsonl`));
    const known = new Set(turns.map(({ id }) => id));
    return {
      name,
      memories: turns.map((turn) => ({
        key: turn.id,
        session: 0,
        input: {
          content: turn.text + (turn.image_caption ? ` [shared image: ${turn.image_caption}]` : ""),
          thread: `session-${turn.session}`,
          seq: turn.seq,
          actor: turn.speaker,
          occurredAt: `${turn.date}Z`,
        },
      })),
      questions: lines(join(folder, `${name}.questions.jsonl`))
        .map(({ question, category, evidence }) => ({
          text: question,
          category: CATEGORIES[category],
          session: 1,
          evidence: evidence.filter((id) => known.has(id)),
          asOf: new Date(`${turns.at(-1).date}Z`),
        }))
        .filter(({ evidence }) => evidence.length > 0),
    };
  });
}

/** RealMem: facts in the order of the sessions that gave them; a question sees those of earlier sessions only. */
export function realmem(folder) {
  return names(folder, ".memories.jsonl").map((name) => {
    const facts = lines(join(folder, `${name}.memories.jsonl`));
    const known = new Set(facts.map(({ id }) => id));
    return {
      name,
      memories: facts.map((fact, index) => ({
        key: fact.id,
        session: fact.session,
        input: {
          content: fact.content,
          thread: `session-${fact.session}`,
          seq: index,
          actor: fact.role,
          tags: [fact.topic],
          occurredAt: day(fact.date),
        },
      })),
      questions: lines(join(folder, `${name}.questions.jsonl`))
        .map(({ question, category, session, evidence, date }) => ({
          text: question,
          category,
          session,
          evidence: evidence.filter((id) => known.has(id)),
          asOf: new Date(day(date)),
        }))
        .filter(({ evidence }) => evidence.length > 0),
    };
  });
}
