// What tracing costs where nobody listens: a search of a real database with and without `traceMemory`, no provider
// registered; and the bare wrapper on a store that does nothing. Medians of interleaved rounds.
// Usage: node bench/otel/main.mjs [--rounds 15] [--json]
import { parseArgs } from "node:util";
import { traceMemory } from "@mnemosyne/otel";
import { openStorage } from "@mnemosyne/storage";

const { values: flags } = parseArgs({
  options: { rounds: { type: "string", default: "15" }, json: { type: "boolean", default: false } },
});
const rounds = Number(flags.rounds);

const storage = await openStorage(":memory:");
await storage.storeMany(
  Array.from({ length: 1000 }, (_, index) => ({ content: `fact ${index} of the api` })),
);
const idle = { search: async () => [] };
const cases = {
  plain: [storage, 200],
  traced: [traceMemory(storage), 200],
  idlePlain: [idle, 20_000],
  idleTraced: [traceMemory(idle), 20_000],
};
const times = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
for (let round = 0; round < rounds; round += 1) {
  for (const [name, [store, calls]] of Object.entries(cases)) {
    const began = performance.now();
    for (let call = 0; call < calls; call += 1) await store.search("api fact", { limit: 5 });
    times[name].push(((performance.now() - began) / calls) * 1000);
  }
}
await storage.close();

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
const [plain, traced, idlePlain, idleTraced] = Object.values(times).map(median);
const figures = {
  searchUs: plain,
  tracedUs: traced,
  ratio: traced / plain,
  wrapperUs: idleTraced - idlePlain,
};
if (flags.json) console.log(JSON.stringify(figures));
else {
  console.log(
    `search, microseconds      plain ${plain.toFixed(1)}  traced, nobody listens ${traced.toFixed(1)}  ratio ${(traced / plain).toFixed(3)}`,
  );
  console.log(`the wrapper alone         ${(idleTraced - idlePlain).toFixed(2)} microseconds a call`);
}
