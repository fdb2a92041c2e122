// How far the token counter is off, against the two published tokenizers, on texts that were not part of its fit.
//
//   npm ci --prefix bench/context/tokenizers && npm run build
//   node bench/context/counter.mjs
//
// - before calibration: each text counted for the tokenizer's model, and without a model
// - payloads of 5,000 tokens and more, mixed of all kinds, after 20 calls whose exact figures the counter was told
// - a conversation of 200 messages: the last exact figure and the estimate of what came since, told after each tenth message
// - what it costs: nanoseconds a character; microseconds an event of the monitor, among 10 agents and among 10,000
import { createRequire } from "node:module";
import { ContextMonitor, createTokenCounter } from "@mnemosyne/context-monitor";
import { collectHeldOut, numberOf } from "./corpus.mjs";

const require = createRequire(new URL("tokenizers/package.json", import.meta.url));
const claude = require("@anthropic-ai/tokenizer").getTokenizer();
const o200k = require("gpt-tokenizer/encoding/o200k_base");
const TOKENIZERS = {
  "Claude 2": { model: "claude-2.1", count: (text) => claude.encode(text.normalize("NFKC"), "all").length },
  o200k: { model: "gpt-4o", count: (text) => o200k.encode(text, { allowedSpecial: "all" }).length },
};

const documents = collectHeldOut();
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const percent = (share) => `${(share * 100).toFixed(1)} %`;
const off = (estimate, exact) => Math.abs(estimate / exact - 1);

console.log(`${documents.length} texts that the fit did not see\n`);
console.log("mean absolute error before calibration: with the model named (without)");
for (const [name, { model, count }] of Object.entries(TOKENIZERS)) {
  const named = createTokenCounter({ model });
  const unnamed = createTokenCounter();
  const rows = documents.map(({ kind, text }) => {
    const exact = count(text);
    return {
      kind,
      named: off(named.count(text).value, exact),
      unnamed: off(unnamed.count(text).value, exact),
    };
  });
  const line = (label, some) =>
    `${label} ${percent(mean(some.map((row) => row.named)))} (${percent(mean(some.map((row) => row.unnamed)))})`;
  const kinds = ["prose", "code", "json", "log", "cjk"].map((kind) =>
    line(
      kind,
      rows.filter((row) => row.kind === kind),
    ),
  );
  console.log(`  ${name}: ${[line("all", rows), ...kinds].join("   ")}`);
}

/** The documents in an order of its own for each seed, again and again. */
function* shuffled(seed) {
  for (let round = 0; ; round++)
    yield* documents.toSorted(
      (a, b) =>
        numberOf(`${seed} ${round} ${a.group} ${a.text.slice(0, 80)}`) -
        numberOf(`${seed} ${round} ${b.group} ${b.text.slice(0, 80)}`),
    );
}

/** Pieces of about 1,500 characters of one kind of work: a payload is instructions, files, results and logs. */
function* pieces(seed) {
  for (const { text } of shuffled(seed)) {
    const start = numberOf(`${seed} ${text.slice(0, 40)}`) % Math.max(1, text.length - 1500);
    yield text.slice(start, start + 1500);
  }
}

console.log("\npayloads of 5,000 tokens and more, after 20 calls: mean (worst)");
for (const [name, { model, count }] of Object.entries(TOKENIZERS)) {
  for (const estimateModel of [model, undefined]) {
    const errors = [];
    for (let session = 0; session < 10; session++) {
      const counter = createTokenCounter({ model: estimateModel ?? "unknown-model" });
      const source = pieces(`payload ${session}`);
      for (let call = 1; call <= 40; call++) {
        let text = "";
        while (text.length < 24_000) text += `${source.next().value}\n`;
        const exact = count(text);
        if (exact < 5000) continue;
        const { value } = counter.count(text);
        if (call > 20) errors.push(off(value, exact));
        counter.calibrate(value, exact);
      }
    }
    console.log(
      `  ${name}, ${estimateModel === undefined ? "unknown model" : `'${model}'`}: ${percent(mean(errors))} (${percent(Math.max(...errors))}) of ${errors.length}`,
    );
  }
}

console.log("\na conversation, counted from the last exact figure: mean (worst)");
for (const [name, { model, count }] of Object.entries(TOKENIZERS)) {
  const errors = [];
  for (let session = 0; session < 6; session++) {
    const counter = createTokenCounter({ model });
    const source = pieces(`conversation ${session}`);
    let exact = 0;
    let known = 0;
    let since = 0;
    let sinceExact = 0;
    for (let message = 1; message <= 200; message++) {
      const text = `${source.next().value}\n`;
      const tokens = count(text);
      exact += tokens;
      sinceExact += tokens;
      since += counter.count(text).value;
      if (message > 20) errors.push(off(known + since, exact));
      if (message % 10 !== 0) continue;
      counter.calibrate(since, sinceExact);
      known = exact;
      since = 0;
      sinceExact = 0;
    }
  }
  console.log(`  ${name}: ${percent(mean(errors))} (${percent(Math.max(...errors))}) of ${errors.length}`);
}

const sample = documents.map(({ text }) => text).join("\n");
const counter = createTokenCounter({ model: "claude-2.1" });
const times = Array.from({ length: 7 }, () => {
  const begin = performance.now();
  counter.count(sample);
  return performance.now() - begin;
}).toSorted((a, b) => a - b);
console.log(`\n${((times[3] * 1e6) / sample.length).toFixed(1)} ns a character`);

for (const agents of [10, 10_000]) {
  const monitor = new ContextMonitor({ window: 200_000 });
  const names = Array.from({ length: agents }, (_, index) => `agent ${index}`);
  for (const name of names) monitor.record(name, 1000);
  const rounds = Array.from({ length: 7 }, (_, round) => {
    const begin = performance.now();
    for (let event = 0; event < 100_000; event++)
      monitor.record(names[event % agents], 1000 + ((event * 37 + round) % 90_000));
    return (performance.now() - begin) / 100;
  }).toSorted((a, b) => a - b);
  console.log(`${rounds[3].toFixed(2)} us an event of ${agents} agents`);
  await monitor.close();
}
