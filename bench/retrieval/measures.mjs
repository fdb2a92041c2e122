// How good a ranking is, for a question whose evidence is known.

export const MEASURES = ["R@5", "R@10", "R@20", "hit@10", "MRR", "nDCG@10"];

const gain = (place) => 1 / Math.log2(place + 2);
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

/** The measures of one ranking (ids, best first) for one set of evidence, each from 0 to 1. */
export function measure(ranking, evidence) {
  const wanted = new Set(evidence);
  const places = ranking.flatMap((id, index) => (wanted.has(id) ? [index] : []));
  const within = (depth) => places.filter((place) => place < depth).length;
  const ideal = Array.from({ length: Math.min(10, wanted.size) }, (_, place) => gain(place));
  return {
    "R@5": within(5) / wanted.size,
    "R@10": within(10) / wanted.size,
    "R@20": within(20) / wanted.size,
    "hit@10": within(10) > 0 ? 1 : 0,
    MRR: places.length === 0 ? 0 : 1 / (places[0] + 1),
    "nDCG@10": sum(places.filter((place) => place < 10).map(gain)) / sum(ideal),
  };
}

/** The mean of each measure in percent. */
export function average(results) {
  return Object.fromEntries(
    MEASURES.map((name) => [
      name,
      results.length === 0
        ? Number.NaN
        : (100 * results.reduce((total, result) => total + result[name], 0)) / results.length,
    ]),
  );
}

/** A row of a table in Markdown. */
export function row(label, results, names = MEASURES) {
  const means = average(results);
  return `| ${label} | ${results.length} | ${names.map((name) => means[name].toFixed(1)).join(" | ")} |`;
}

/** The head of such a table. */
export function head(first, names = MEASURES) {
  return `| ${first} | questions | ${names.join(" | ")} |\n|---|---|${names.map(() => "---|").join("")}`;
}
