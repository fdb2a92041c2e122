// The same graph of no-op tasks through other libraries, where they are installed: p-limit, p-graph and Effect beside this
// file or in bench/peers, LangGraph and Mastra in bench/peers. What is not there is left out and named.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const places = [import.meta.url, new URL("../peers/package.json", import.meta.url).href];

/** The module, or undefined where it is not installed. */
async function load(name) {
  for (const place of places) {
    let path;
    try {
      path = createRequire(place).resolve(name);
    } catch (error) {
      if (error.code !== "MODULE_NOT_FOUND" && error.code !== "ERR_PACKAGE_PATH_NOT_EXPORTED") throw error;
      continue;
    }
    return import(pathToFileURL(path).href);
  }
  return undefined;
}

/** Kahn's loop with a limiter in front of each task. */
function limited(limit) {
  return (dependencies, work) =>
    new Promise((resolve, reject) => {
      const missing = dependencies.map((before) => before.length);
      const dependents = dependencies.map(() => []);
      for (const [index, before] of dependencies.entries())
        for (const one of before) dependents[one].push(index);
      let left = dependencies.length;
      const begin = (index) =>
        limit(work).then(() => {
          if (--left === 0) resolve();
          for (const dependent of dependents[index]) if (--missing[dependent] === 0) begin(dependent);
          return undefined;
        }, reject);
      for (const [index, count] of missing.entries()) if (count === 0) begin(index);
    });
}

const ADAPTERS = {
  async "p-limit"({ default: pLimit }, concurrency) {
    return limited(pLimit(concurrency));
  },
  async "p-graph"({ PGraph, default: make }, concurrency) {
    return (dependencies, work) => {
      const nodes = new Map(dependencies.map((_, index) => [`t${index}`, { run: work }]));
      const edges = dependencies.flatMap((before, index) => before.map((one) => [`t${one}`, `t${index}`]));
      const graph = PGraph === undefined ? make(nodes, edges) : new PGraph(nodes, edges);
      return graph.run({ concurrency });
    };
  },
  async effect({ Deferred, Effect }, concurrency) {
    return (dependencies, work) =>
      Effect.runPromise(
        Effect.gen(function* () {
          const done = yield* Effect.all(dependencies.map(() => Deferred.make()));
          const slots = yield* Effect.makeSemaphore(concurrency);
          const task = (before, index) =>
            Effect.all(
              before.map((one) => Deferred.await(done[one])),
              { discard: true },
            ).pipe(
              Effect.zipRight(slots.withPermits(1)(Effect.promise(work))),
              Effect.zipRight(Deferred.succeed(done[index], undefined)),
            );
          yield* Effect.forEach(dependencies, task, { concurrency: "unbounded", discard: true });
        }),
      );
  },
  async "@langchain/langgraph"({ Annotation, END, START, StateGraph }, concurrency) {
    return async (dependencies, work) => {
      const graph = new StateGraph(Annotation.Root({ nothing: Annotation({ reducer: (old) => old }) }));
      const last = new Set(dependencies.keys());
      for (const [index, before] of dependencies.entries()) {
        graph.addNode(`t${index}`, async () => {
          await work();
          return {};
        });
        for (const one of before) last.delete(one);
      }
      for (const [index, before] of dependencies.entries())
        graph.addEdge(before.length === 0 ? START : before.map((one) => `t${one}`), `t${index}`);
      for (const index of last) graph.addEdge(`t${index}`, END);
      await graph.compile().invoke({}, { recursionLimit: 100_000, maxConcurrency: concurrency });
    };
  },
  async "@mastra/core/workflows"({ createStep, createWorkflow }) {
    return async (dependencies, work) => {
      const { z } = await import(pathToFileURL(createRequire(places[1]).resolve("zod")).href);
      const schema = z.any();
      const step = (index) =>
        createStep({
          id: `t${index}`,
          inputSchema: schema,
          outputSchema: schema,
          execute: async () => {
            await work();
            return {};
          },
        });
      // It knows sequences and parallel groups: each task goes to the group after its last dependency's.
      const level = [];
      for (const before of dependencies)
        level.push(before.length === 0 ? 0 : 1 + Math.max(...before.map((one) => level[one])));
      let workflow = createWorkflow({ id: "graph", inputSchema: schema, outputSchema: schema });
      for (let at = 0; at <= Math.max(...level); at++) {
        const group = [...level.keys()].filter((index) => level[index] === at).map(step);
        workflow = group.length === 1 ? workflow.then(group[0]) : workflow.parallel(group);
      }
      const run = await workflow.commit().createRun();
      const { status } = await run.start({ inputData: {} });
      if (status !== "success") throw new Error(`Mastra ended with ${status}`);
    };
  },
};

/** Runners by name, and the names of what is not installed. */
export async function loadPeers(concurrency) {
  const runners = new Map();
  const missing = [];
  for (const [name, adapt] of Object.entries(ADAPTERS)) {
    const module = await load(name);
    if (module === undefined) missing.push(name);
    else runners.set(name, await adapt(module, concurrency));
  }
  return { runners, missing };
}
