// What one event costs the plan machine. Each input is written to JSON and read again before it is folded, as a journal
// does it; beside it the same round trip alone, which is the limit. Rounds of all variants are interleaved; medians. The
// times are those of the processor, so that others at work on the machine count less.
// Usage: node bench/plan-machine/main.mjs [--sizes 1000,10000,100000] [--rounds 5] [--check] [--json]
import { existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { checkPlan, digest, start, step } from "@mnemosyne/plan";
import { makePlan, record, SHAPE_NAMES } from "./journal.mjs";

const { values: flags } = parseArgs({
  options: {
    sizes: { type: "string", default: "1000,10000,100000" },
    rounds: { type: "string", default: "5" },
    check: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const sizes = flags.sizes.split(",").map(Number);
const rounds = Number(flags.rounds);
const LEAST_EVENTS_PER_SECOND = 200_000;
const MOST_GROWTH = 3;
/** A sample folds at least so many events, in as many runs as that takes, so that small plans are not all noise. */
const EVENTS_PER_SAMPLE = 100_000;
const ENDS = { chain: undefined, "fan-out": "cancel", layers: "rollback", join: undefined };

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

const cases = sizes.flatMap((size) =>
  SHAPE_NAMES.map((shape) => ({ shape, size, fold: [], trip: [], check: [] })),
);

/**
 * The journal of a case, made anew for each sample: a heap that holds the journals of all cases would make every
 * garbage collection dearer than it is where the machine is used.
 */
function prepare({ shape, size }) {
  const plan = makePlan(shape, size);
  const { inputs, finished } = record(plan, ENDS[shape]);
  return { plan, finished, lines: inputs.map((input) => JSON.stringify(input)) };
}

// A collection drops optimised code whose hidden classes have no object any more; small journals keep them alive, as a
// journal that goes on does.
const kept = SHAPE_NAMES.map((shape) => {
  const { inputs, finished } = record(makePlan(shape, 1000), ENDS[shape]);
  return { finished, inputs };
});

/** Microseconds of processor time of this thread; where the system does not tell, of the process with its helpers. */
function processorTime() {
  if (existsSync("/proc/self/schedstat"))
    return Number(readFileSync("/proc/self/schedstat", "utf8").split(" ")[0]) / 1000;
  const { user, system } = process.cpuUsage();
  return user + system;
}

function spend(work) {
  collect();
  const begin = processorTime();
  work();
  return processorTime() - begin;
}

/** Every input is read and written as JSON; with `folding` it is folded too. Over as many runs as a sample needs. */
function measure({ plan, lines, finished }, folding) {
  const states = Array.from(
    { length: Math.max(1, Math.round(EVENTS_PER_SAMPLE / lines.length)) },
    () => start(plan).state,
  );
  let written = 0;
  const spent = spend(() => {
    for (const state of states)
      for (const line of lines) {
        const input = JSON.parse(line);
        written += JSON.stringify(input).length;
        if (folding) step(state, input);
      }
  });
  if (written === 0) throw new Error("Nothing was written.");
  if (folding)
    for (const state of states)
      if (digest(state) !== finished.digest) throw new Error("A replay gave another digest.");
  return spent / (states.length * lines.length);
}

for (let round = -1; round < rounds; round++)
  for (const one of round % 2 === 0 ? cases : cases.toReversed()) {
    const journal = prepare(one);
    const samples = {
      fold: measure(journal, true),
      trip: measure(journal, false),
      check: spend(() => checkPlan(journal.plan)) / 1000,
    };
    Object.assign(one, { events: journal.lines.length, status: journal.finished.status });
    // The first round warms up.
    if (round >= 0) for (const [name, sample] of Object.entries(samples)) one[name].push(sample);
  }

if (kept.some(({ inputs }) => inputs.length === 0)) throw new Error("A journal is empty.");

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const rows = cases.map(({ shape, size, events, status, fold, trip, check }) => ({
  shape,
  tasks: size,
  events,
  status,
  eventsPerSecond: Math.round(1e6 / median(fold)),
  microseconds: median(fold),
  roundTripAlone: median(trip),
  checkMs: median(check),
}));
const smallest = Math.min(...sizes);
const largest = Math.max(...sizes);
const at = (shape, tasks) => rows.find((row) => row.shape === shape && row.tasks === tasks);
const growth = SHAPE_NAMES.map((shape) => ({
  shape,
  times: at(shape, largest).microseconds / at(shape, smallest).microseconds,
}));

if (flags.json) console.log(JSON.stringify({ rows, growth }));
else {
  console.log("| shape | tasks | events | ends | events/s | us an event | round trip alone | check ms |");
  console.log("|---|---|---|---|---|---|---|---|");
  for (const row of rows)
    console.log(
      `| ${row.shape} | ${row.tasks} | ${row.events} | ${row.status} | ${row.eventsPerSecond.toLocaleString("en")} | ${row.microseconds.toFixed(2)} | ${row.roundTripAlone.toFixed(2)} | ${row.checkMs.toFixed(0)} |`,
    );
  console.log(`\nCost of an event at ${largest} tasks over that at ${smallest}:`);
  for (const { shape, times } of growth) console.log(`- ${shape}: ${times.toFixed(2)}x`);
}

if (flags.check) {
  const slow = rows.filter((row) => row.tasks === 10_000 && row.eventsPerSecond < LEAST_EVENTS_PER_SECOND);
  const grown = growth.filter(({ times }) => times > MOST_GROWTH);
  for (const { shape, eventsPerSecond } of slow)
    console.error(`${shape}: ${eventsPerSecond} events/s at 10000 tasks, wanted ${LEAST_EVENTS_PER_SECOND}.`);
  for (const { shape, times } of grown)
    console.error(
      `${shape}: an event costs ${times.toFixed(2)}x at ${largest} tasks, wanted at most ${MOST_GROWTH}x.`,
    );
  if (slow.length + grown.length > 0) process.exitCode = 1;
}
