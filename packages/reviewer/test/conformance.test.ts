import { describe, test } from "vitest";
import type { GateSubject, JsonObject } from "@mnemosyne/core";
import { defaultGates } from "@mnemosyne/reviewer";
import { gateConformance, type GateCase } from "@mnemosyne/testkit/conformance";
import { commands, openProject, type Files } from "./project.ts";

interface Work {
  readonly edits: Files;
  readonly settings?: JsonObject;
  readonly overrides?: Partial<GateSubject>;
}

const BEFORE: Files = {
  "package.json": JSON.stringify({ name: "a", type: "module", main: "src/index.js" }),
  "src/index.js": "/** One. */\nexport const one = 1;\n",
};

/** For each program gate, work that it lets through and work that it blocks. */
const WORK: Readonly<Record<string, { readonly right: Work; readonly wrong: Work }>> = {
  tests: {
    right: { edits: {}, settings: { command: "printf '# tests 1\n# pass 1\n# fail 0\n'" } },
    wrong: { edits: {}, settings: { command: "printf '# tests 1\n# pass 0\n# fail 1\n'; exit 1" } },
  },
  documentation: {
    right: {
      edits: { "src/index.js": "/** One. */\nexport const one = 1;\n/** Two. */\nexport const two = 2;\n" },
    },
    wrong: { edits: { "src/index.js": "/** One. */\nexport const one = 1;\n\nexport const two = 2;\n" } },
  },
  antiPatterns: {
    right: { edits: { "src/index.js": "export const one = () => 1;\n" } },
    wrong: { edits: { "src/index.js": "try { one(); } catch {}\n" } },
  },
  facts: {
    right: { edits: { "src/two.js": "1\n" }, overrides: { report: "Added `src/two.js`." } },
    wrong: { edits: {}, overrides: { report: "Added `src/two.js`." } },
  },
  constraints: {
    right: { edits: { "src/two.js": "1\n" }, overrides: { constraints: ["Do not edit `src/index.js`"] } },
    wrong: { edits: { "src/index.js": "1\n" }, overrides: { constraints: ["Do not edit `src/index.js`"] } },
  },
  noTodos: {
    right: { edits: { "src/two.js": "1;\n" } },
    wrong: { edits: { "src/two.js": "// TODO: two\n" } },
  },
  completeness: {
    right: { edits: { "src/two.js": "1\n" } },
    wrong: { edits: { "src/two.js": "1\n" }, overrides: { report: "Partially done." } },
  },
};

async function makeCase(
  { edits, settings = {}, overrides = {} }: Work,
  signal: AbortSignal,
): Promise<GateCase> {
  const project = await openProject(BEFORE, edits);
  return {
    subject: await project.subject(overrides),
    context: { commands, signal, settings },
    close: async () => {
      await project[Symbol.asyncDispose]();
    },
  };
}

describe.each(defaultGates().filter(({ kind }) => kind !== "model"))("$name", (gate) => {
  const work = WORK[gate.name];
  if (work === undefined) throw new Error(`no work to show ${gate.name} with`);
  const checks = gateConformance({
    gate,
    passing: (signal) => makeCase(work.right, signal),
    failing: (signal) => makeCase(work.wrong, signal),
  });
  // oxlint-disable-next-line vitest/expect-expect -- each check throws what it finds
  test.each(checks)("$name", ({ run }) => run());
});
