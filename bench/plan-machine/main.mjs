// What one event costs the plan machine. Each input is written to JSON and read again before it is folded, as a journal
// does it; beside it the same round trip alone, which is the limit. Rounds of all variants are interleaved; medians.
// Usage: node bench/plan-machine/main.mjs [--sizes 1000,10000,100000] [--rounds 5] [--check] [--json]
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
const EVENTS_PER_SAMPLE = 50_000;
const ENDS = { chain: undefined, "fan-out": "cancel", layers: "rollback", join: undefined };

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

const cases = sizes.flatMap((size) =>
  SHAPE_NAMES.map((shape) => {
    const plan = makePlan(shape, size);
    const { inputs, finished } = record(plan, ENDS[shape]);
    const checks = performance.now();
    checkPlan(plan);
    const checkMs = performance.now() - checks;
    const runs = Math.max(1, Math.round(EVENTS_PER_SAMPLE / inputs.length));
    return { shape, size, plan, inputs, finished, runs, checkMs, fold: [], trip: [], step: [] };
  }),
);

/** Microseconds an event, over as many fresh runs as a sample needs. */
function measure({ plan, inputs, runs, finished }, each) {
  let spent = 0;
  for (let run = 0; run < runs; run++) {
    const { state } = start(plan);
    const begin = performance.now();
    for (const input of inputs) each(state, input);
    spent += performance.now() - begin;
    if (each !== trip && digest(state) !== finished.digest) throw new Error("A replay gave another digest.");
  }
  return (spent * 1000) / (runs * inputs.length);
}

const fold = (state, input) => step(state, JSON.parse(JSON.stringify(input)));
let kept;
const trip = (_state, input) => {
  kept = JSON.parse(JSON.stringify(input));
};

for (let round = -1; round < rounds; round++)
  for (const one of round % 2 === 0 ? cases : cases.toReversed()) {
    collect();
    const samples = { fold: measure(one, fold), trip: measure(one, trip), step: measure(one, step) };
    // The first round warms up.
    if (round >= 0) for (const [name, sample] of Object.entries(samples)) one[name].push(sample);
  }

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const rows = cases.map(({ shape, size, inputs, finished, checkMs, ...times }) => ({
  shape,
  tasks: size,
  events: inputs.length,
  status: finished.status,
  eventsPerSecond: Math.round(1e6 / median(times.fold)),
  microseconds: median(times.fold),
  roundTripAlone: median(times.trip),
  stepAlone: median(times.step),
  checkMs,
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
  console.log(
    "| shape | tasks | events | ends | events/s | us an event | round trip alone | step alone | check ms |",
  );
  console.log("|---|---|---|---|---|---|---|---|---|");
  for (const row of rows)
    console.log(
      `| ${row.shape} | ${row.tasks} | ${row.events} | ${row.status} | ${row.eventsPerSecond.toLocaleString("en")} | ${row.microseconds.toFixed(2)} | ${row.roundTripAlone.toFixed(2)} | ${row.stepAlone.toFixed(2)} | ${row.checkMs.toFixed(0)} |`,
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
  if (slow.length + grown.length > 0 || kept === undefined) process.exitCode = 1;
}
