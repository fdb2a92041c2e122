// 200 rounds of playbook updates, hostile ones included, through deltas, beside two baselines that rewrite the whole
// playbook in each round. A stand-in plays the rewriting model: it knows every statement and loses only what it must.
//
//   npm run build
//   node bench/playbook/main.mjs [ROUNDS]
//
// Measured at the end: how many of the statements that gates had verified can still be read with all their facts (names,
// numbers, paths, conditions), how many facts, and how many tokens stand. Collapse: less than half of the statements.
import { estimateTokens, isMnemosyneError, statementFacts, missingFacts } from "@mnemosyne/core";
import { MemoryPlaybookStore, planRefinement } from "@mnemosyne/optimizer";

const ROUNDS = Number(process.argv[2] ?? 200);
/** Tokens that a rewriting model is asked to stay within. */
const ROOM = 1500;
/** Share of its words that each rewriting takes off a statement: half a percent is kind. */
const TRIM = 0.005;
const NAMESPACE = "project:bench";

function generator(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % below;
  };
}

const AREAS = [
  "http client",
  "migration",
  "parser",
  "scheduler",
  "cache",
  "release script",
  "login form",
  "report",
];
const ACTIONS = ["retry", "lock", "log", "validate", "batch", "flush", "index", "escape"];

/** What round n teaches: a statement with a name, a path, numbers and a condition. */
function lesson(round, random) {
  const area = AREAS[random(AREAS.length)];
  const action = ACTIONS[random(ACTIONS.length)];
  return `In the ${area}, ${action} \`${action}Rows${round}\` of src/${area.replaceAll(" ", "-")}/part${round}.ts within ${50 + random(900)} ms unless --no-${action} is set`;
}

/** Deltas of a careless or hostile curator. */
function hostile(items, round, random) {
  const evidence = `round ${round}`;
  const id = items[random(items.length)]?.id ?? "none";
  switch (random(5)) {
    case 0:
      return [{ op: "update", id, content: "Be careful there.", evidence }];
    case 1:
      return items.map((item) => ({ op: "remove", id: item.id, evidence }));
    case 2:
      return [
        ...items.map((item) => ({ op: "remove", id: item.id, evidence })),
        {
          op: "add",
          section: "all",
          content: "In short: test, log and be careful.",
          verified: true,
          evidence,
        },
      ];
    case 3:
      return items.length < 2
        ? []
        : [
            {
              op: "merge",
              ids: items.slice(0, 10).map((item) => item.id),
              content: "Be careful everywhere.",
              evidence,
            },
          ];
    default:
      return items
        .slice(0, Math.ceil(items.length / 2))
        .map((item) => ({ op: "remove", id: item.id, evidence }));
  }
}

async function byDeltas() {
  const store = new MemoryPlaybookStore();
  const random = generator(11);
  const learnt = [];
  let refused = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const { version, items } = await store.read(NAMESPACE);
    if (round % 3 === 2) {
      const deltas = hostile(items, round, random);
      try {
        if (deltas.length > 0) await store.apply(NAMESPACE, deltas, version);
      } catch (error) {
        if (!isMnemosyneError(error)) throw error;
        refused++;
      }
      continue;
    }
    const content = lesson(round, random);
    learnt.push(content);
    await store.apply(
      NAMESPACE,
      [{ op: "add", section: "lessons", content, verified: true, evidence: `gate of round ${round}` }],
      version,
    );
    if (round % 20 === 19) {
      const playbook = await store.read(NAMESPACE);
      const deltas = await planRefinement(playbook);
      if (deltas.length > 0) await store.apply(NAMESPACE, deltas, playbook.version);
    }
  }
  const { items } = await store.read(NAMESPACE);
  const removed = (await store.history(NAMESPACE, { limit: 1000 }))
    .flatMap(({ deltas }) => deltas)
    .filter(({ op }) => op === "remove").length;
  return { name: "deltas", learnt, text: items.map(({ content }) => content).join("\n"), refused, removed };
}

/** The same lessons, the whole rewritten in each round. */
function byRewriting(name, rewrite) {
  const random = generator(11);
  const learnt = [];
  let statements = [];
  for (let round = 0; round < ROUNDS; round++) {
    if (round % 3 !== 2) {
      const content = lesson(round, random);
      learnt.push(content);
      statements.push(content);
    } else hostile([], round, random);
    statements = rewrite(statements, round).slice();
  }
  return { name, learnt, text: statements.join("\n"), refused: 0, removed: 0 };
}

/** Shortens every statement alike until all fit the room. */
function withinRoom(statements) {
  const total = estimateTokens(statements.join("\n"));
  if (total <= ROOM) return statements;
  const share = ROOM / total;
  return statements.map((text) => {
    const words = text.split(" ");
    return words.slice(0, Math.max(2, Math.floor(words.length * share))).join(" ");
  });
}

/** Takes a few words off each statement, as every retelling does. */
function retold(statements, round) {
  const random = generator(round + 1);
  return statements.map((text) =>
    text
      .split(" ")
      .filter(() => random(10_000) >= TRIM * 10_000)
      .join(" "),
  );
}

/** Share of facts, and of statements with all of theirs, that one item still says together: scattered ones teach nobody. */
function kept({ learnt, text }) {
  const items = text.split("\n");
  let all = 0;
  let lost = 0;
  let whole = 0;
  for (const statement of learnt) {
    const { names, numbers, conditions } = statementFacts(statement);
    const missing = Math.min(...items.map((item) => missingFacts(statement, item).length));
    all += names.length + numbers.length + conditions.length;
    lost += missing;
    if (missing === 0) whole++;
  }
  return { facts: (all - lost) / all, statements: whole / learnt.length };
}

const percent = (share) => `${(100 * share).toFixed(1).padStart(5)} %`;

const results = [
  await byDeltas(),
  byRewriting(`rewritten within ${ROOM} tokens`, withinRoom),
  byRewriting("retold, 0.5 % of words lost each time", retold),
];
for (const result of results) {
  const { facts, statements } = kept(result);
  console.log(
    `${result.name.padEnd(40)} statements whole ${percent(statements)}   facts ${percent(facts)}   tokens ${String(estimateTokens(result.text)).padStart(6)}   refused ${result.refused}   removed by recorded deltas ${result.removed}`,
  );
}
const [ours, ...others] = results.map((result) => kept(result).statements);
if (ours < 0.99 || others.some((share) => share > 0.5)) {
  console.error(
    "Deltas must keep at least 99 % of the statements whole, and rewriting must be seen to collapse.",
  );
  process.exitCode = 1;
}
