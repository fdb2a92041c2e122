// Fits the costs of core's token estimate and judges them on texts that were not part of the fit.
//
//   npm ci --prefix bench/context/tokenizers && npm run build
//   node bench/context/fit-token-estimate.mjs [--write]
//
// Three fits: to each of the two published tokenizers (Claude 2's and o200k), and to the mean of what they count. Weighted least
// absolute relative error, by iteratively reweighted least squares with costs that are not negative. Judged by five-fold
// cross-validation over groups (a package, a manual's language, a kind of log), so that no text is judged by its
// neighbours. `--write` puts the costs into core.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { collectCorpus, numberOf } from "./corpus.mjs";
import { TOKEN_FEATURES, tokenFeatures } from "../../packages/core/dist/token-features.js";

const require = createRequire(new URL("tokenizers/package.json", import.meta.url));
const claude = require("@anthropic-ai/tokenizer").getTokenizer();
const o200k = require("gpt-tokenizer/encoding/o200k_base");

/** What a feature would cost by common sense: where texts say little, the fit stays near it. */
const PRIOR = {
  word: 1,
  wordLength: 0.1,
  wordExcess: 0.4,
  hump: 0.8,
  capitals: 0.2,
  accent: 1,
  consonants: 0.3,
  number: 1.2,
  digits: 0.4,
  gap: 1,
  gapLength: 0.03,
  line: 1,
  blankLine: 0.1,
  mark: 0.8,
  markAfterSpace: 0.8,
  markAfterMark: 0.5,
  rule: 1,
  ruleLength: 0.04,
  han: 1,
  rareHan: 1.5,
  hiragana: 0.8,
  katakana: 1,
  hangul: 1.1,
  cjkMark: 0.8,
  greekWord: 1,
  greekLength: 0.3,
  semitic: 0.65,
  indic: 1,
  symbol: 1.5,
  surrogate: 1.2,
  other: 2.5,
  control: 1,
};
/** Least costs: features that grow with a text's length must never be free, or a hostile text would be. */
const LEAST = {
  wordExcess: 0.35,
  capitals: 0.12,
  digits: 0.3,
  gapLength: 0.005,
  blankLine: 0.03,
  ruleLength: 0.015,
  cjkMark: 0.5,
  greekLength: 0.25,
  control: 1,
};
const KIND_WEIGHT = { opaque: 0.3, scripts: 0.3, cyrillic: 0.3, latin: 0.5, hostile: 0.12 };
const MAIN = ["prose", "code", "json", "log", "cjk"];

const documents = collectCorpus().map((document) => {
  const counts = {
    claude: claude.encode(document.text.normalize("NFKC"), "all").length,
    o200k: o200k.encode(document.text, { allowedSpecial: "all" }).length,
  };
  return {
    ...document,
    ...counts,
    both: (counts.claude + counts.o200k) / 2,
    features: tokenFeatures(document.text),
    fold: numberOf(`fold ${document.group}`) % 5,
  };
});

/** Costs that come nearest to what `target` counts. */
function fit(rows, target) {
  const size = TOKEN_FEATURES.length;
  const perKind = new Map();
  for (const { kind } of rows) perKind.set(kind, (perKind.get(kind) ?? 0) + 1);
  const base = rows.map(({ kind }) => (KIND_WEIGHT[kind] ?? 1) / perKind.get(kind));
  const inputs = rows.map((row) => row.features.map((value) => value / row[target]));
  const costs = Float64Array.from(TOKEN_FEATURES, (feature) => PRIOR[feature]);
  let weights = base;
  for (let round = 0; round < 15; round++) {
    const matrix = Array.from({ length: size }, () => new Float64Array(size));
    const right = new Float64Array(size);
    for (const [row, input] of inputs.entries())
      for (let i = 0; i < size; i++) {
        if (input[i] === 0) continue;
        right[i] += weights[row] * input[i];
        for (let j = 0; j < size; j++) matrix[i][j] += weights[row] * input[i] * input[j];
      }
    for (const [i, feature] of TOKEN_FEATURES.entries()) {
      const pull = 2e-4 / (PRIOR[feature] ** 2 + 0.01);
      matrix[i][i] += pull;
      right[i] += pull * PRIOR[feature];
    }
    for (let sweep = 0; sweep < 3000; sweep++)
      for (let i = 0; i < size; i++) {
        let rest = right[i];
        for (let j = 0; j < size; j++) if (j !== i) rest -= matrix[i][j] * costs[j];
        costs[i] = Math.max(LEAST[TOKEN_FEATURES[i]] ?? 0, rest / matrix[i][i]);
      }
    weights = inputs.map((input, row) => base[row] / Math.max(0.04, Math.abs(total(input, costs) - 1)));
  }
  return costs;
}

function total(features, costs) {
  let sum = 0;
  for (let index = 0; index < costs.length; index++) sum += features[index] * costs[index];
  return sum;
}

function percent(share) {
  return (share * 100).toFixed(1);
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function errorOf(rows, target) {
  const errors = rows.map((row) => row.judged[target] / row[target] - 1);
  const sizes = errors.map(Math.abs).toSorted((a, b) => a - b);
  return `${percent(mean(sizes))} (bias ${percent(mean(errors))}, p95 ${percent(sizes[Math.floor(sizes.length * 0.95)])})`;
}

const TARGETS = ["both", "claude", "o200k"];
const fitted = {};
for (const document of documents) document.judged = {};
for (const target of TARGETS) {
  for (let fold = 0; fold < 5; fold++) {
    const costs = fit(
      documents.filter((document) => document.fold !== fold),
      target,
    );
    for (const document of documents)
      if (document.fold === fold) document.judged[target] = Math.max(1, total(document.features, costs));
  }
  const costs = fit(documents, target);
  fitted[target] = Object.fromEntries(
    TOKEN_FEATURES.map((feature, index) => [feature, Number(costs[index].toFixed(3))]),
  );
}

const main = documents.filter((document) => MAIN.includes(document.kind));
console.log("kind | texts | characters | the mean by its fit | Claude 2 by its fit | o200k by its fit");
for (const kind of [...MAIN, "these five", "latin", "cyrillic", "scripts", "opaque", "hostile"]) {
  const rows = kind === "these five" ? main : documents.filter((document) => document.kind === kind);
  if (rows.length === 0) continue;
  const characters = rows.reduce((sum, row) => sum + row.text.length, 0);
  console.log([kind, rows.length, characters, ...TARGETS.map((target) => errorOf(rows, target))].join(" | "));
}
for (const [tokenizer, by] of [
  ["claude", "both"],
  ["o200k", "both"],
  ["claude", "claude"],
  ["o200k", "o200k"],
]) {
  const ratios = main.map((row) => row[tokenizer] / row.judged[by]).toSorted((a, b) => a - b);
  const at = (share) => ratios[Math.floor((ratios.length - 1) * share)].toFixed(2);
  console.log(
    `${tokenizer} / estimate of ${by}: p1 ${at(0.01)}, p5 ${at(0.05)}, median ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}`,
  );
}
const table = `import type { TokenFeature } from "./token-features.ts";

/** Tokenizers that an estimate can stand for: Claude 2's, o200k, or the mean of both. */
export type EstimatedTokenizer = "both" | "claude" | "o200k";

/** What each feature costs in tokens. Written by the fit in \`bench/context\`. */
export const TOKEN_COSTS: Readonly<Record<EstimatedTokenizer, Readonly<Record<TokenFeature, number>>>> =
  ${JSON.stringify(fitted, undefined, 2).replaceAll(/"([A-Za-z0-9]+)":/g, "$1:")};
`;
if (process.argv.includes("--write"))
  writeFileSync(new URL("../../packages/core/src/token-costs.ts", import.meta.url), table);
