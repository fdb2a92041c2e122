import { expect, test } from "vitest";
import { factsOf, packageOf, reachableFrom } from "./module-facts.ts";
import { filesIn } from "./repository.ts";

/** Names that reach the clock, chance, the system or the network. */
const IMPURE: ReadonlySet<string> = new Set([
  "Date.now",
  "new Date()",
  "Math.random",
  "performance",
  "process",
  "crypto",
  "globalThis",
  "fetch",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "Atomics",
  "console",
  "require",
]);

/** Files, and what each of them may use after all. */
const EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  // `MemoryId.new()`: the one place that makes ids.
  "packages/core/src/ids.ts": ["new Date()", "globalThis"],
};

const core = filesIn("packages/core/src");
const machine = reachableFrom(filesIn("packages/plan/src/machine"));

test("what is looked for is found", () => {
  const text = `
    import { x } from "./x.ts";
    export type { Y } from "y";
    const z = await import("z");
    export const f = (process: number) => ({ process, fetch: 1 }).fetch + Date.now() + globalThis.crypto.length;
    interface Options { readonly console: string; performance(): void }
    const late = () => [new Date(), new Date(5), setTimeout];
    export default f;
  `;
  const { imports, uses, hasDefaultExport } = factsOf("made-up.ts", text);
  expect(imports).toEqual(["./x.ts", "y", "z"]);
  expect(hasDefaultExport).toBe(true);
  const found = uses.map(({ name }) => name).filter((name) => IMPURE.has(name));
  expect([...new Set(found)].toSorted()).toEqual([
    "Date.now",
    "globalThis",
    "new Date()",
    "process",
    "setTimeout",
  ]);
});

test("there is something to look at", () => {
  expect(core.length).toBeGreaterThan(20);
  expect(machine.length).toBeGreaterThan(5);
});

test.each([...core, ...machine])("%s does no I/O and reads no clock", (file) => {
  const { uses, imports } = factsOf(file);
  const allowed = EXCEPTIONS[file] ?? [];
  const impure = uses.filter(({ name }) => IMPURE.has(name) && !allowed.includes(name));
  expect(impure.map(({ name, line }) => `${file}:${line} ${name}`)).toEqual([]);
  const foreign = imports.filter((specifier) => !specifier.startsWith("."));
  expect(foreign.filter((specifier) => packageOf(specifier) !== "@mnemosyne/core")).toEqual([]);
});

test.each(Object.entries(EXCEPTIONS))("the exception for %s is still needed", (file, names) => {
  const used = new Set(factsOf(file).uses.map(({ name }) => name));
  expect(names.filter((name) => !used.has(name))).toEqual([]);
});
