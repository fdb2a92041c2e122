import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/**
 * By hand, workspace packages resolve to `src/` through their `@mnemosyne/source` export, and unit tests need no build.
 * `npm test` has built them and tests what is published: less to transform, and what users get.
 */
const built = process.env["TEST_BUILT"] === "1";
const conditions = [...(built ? [] : ["@mnemosyne/source"]), "module", "node", "development|production"];

export default defineConfig({
  ssr: { resolve: { conditions } },
  test: {
    server: { deps: { external: built ? [/\/packages\/[a-z-]+\/dist\//] : [] } },
    reporters: ["default", "./tooling/tally-reporter.ts"],
    coverage: { include: ["packages/*/src/**"], reporter: ["text-summary", "html"] },
    // Generous, for machines that do other things too: a hanging test is still told from a slow one.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Tests of real processes, locks and kills on a shared machine: a fault that comes back is a fault.
    retry: process.env["CI"] === undefined ? 0 : 2,
    // Many tests wait: for processes, leases, time.
    maxWorkers: availableParallelism() + 1,
    maxConcurrency: 2,
    // One group after the other: what measures time is not disturbed by what starts many processes.
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["packages/*/test/**/*.test.ts"],
          exclude: ["packages/{cli,dashboard}/**"],
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "repo",
          include: ["test/*.test.ts", "test/testkit/*.test.ts"],
          sequence: { groupOrder: 1 },
        },
      },
      // These need the built packages: the command in a process of its own, and what is published. Those that take longest begin first.
      {
        extends: true,
        test: {
          name: "smoke",
          include: ["test/smoke/*.test.ts", "test/chaos/*.test.ts"],
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: "command",
          include: ["packages/{cli,dashboard}/test/**/*.test.ts"],
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: { name: "e2e", include: ["examples/*/test/**/*.test.ts"], sequence: { groupOrder: 2 } },
      },
    ],
  },
});
