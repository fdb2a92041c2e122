import { defineConfig } from "vitest/config";

/** Workspace packages resolve to `src/` through their `@mnemosyne/source` export, so tests need no build. */
const conditions = ["@mnemosyne/source", "module", "node", "development|production"];

export default defineConfig({
  ssr: { resolve: { conditions } },
  test: {
    reporters: ["default", "./tooling/tally-reporter.ts"],
    coverage: { include: ["packages/*/src/**"], reporter: ["text-summary", "html"] },
    projects: [
      { extends: true, test: { name: "unit", include: ["packages/*/test/**/*.test.ts"], isolate: false } },
      { extends: true, test: { name: "repo", include: ["test/**/*.test.ts"] } },
      { extends: true, test: { name: "e2e", include: ["examples/*/test/**/*.test.ts"] } },
    ],
  },
});
