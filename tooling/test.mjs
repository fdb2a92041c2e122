// `npm test`: sets everything up and runs every check and test. Arguments after `npm test --` go to vitest.
// The last line is `N passed, N failed, N skipped`; each check counts as one test.
import { missingPrograms } from "./system-programs.mjs";
import { build, install, root, run, step } from "./steps.mjs";

const tally = { passed: 0, failed: 0, skipped: 0 };

async function check(name, command) {
  const passed = await step(name, command);
  tally[passed ? "passed" : "failed"] += 1;
  return passed;
}

/** Tools that only read the sources. */
async function checkSources() {
  await check("format", ["pnpm", "exec", "oxfmt", "--check"]);
  await check("lint", ["pnpm", "exec", "oxlint", "--type-aware"]);
  await check("types", ["pnpm", "exec", "tsc"]);
  await check("unused code and dependencies (knip)", ["pnpm", "exec", "knip"]);
}

async function runTests(args) {
  const { code, output } = await run(["pnpm", "exec", "vitest", "run", ...args], {
    live: (chunk) => process.stderr.write(chunk),
    env: { TEST_BUILT: "1" },
  });
  const counts = [...output.matchAll(/^(\d+) passed, (\d+) failed, (\d+) skipped$/gm)].at(-1);
  const [passed, failed, skipped] = (counts ?? []).slice(1).map(Number);
  tally.passed += passed ?? 0;
  tally.failed += failed ?? 0;
  tally.skipped += skipped ?? 0;
  // Whatever kept it from counting is a failure too.
  if (code !== 0 && !(failed > 0)) tally.failed += 1;
}

process.chdir(root);
for (const program of await missingPrograms()) {
  console.error(`${program} is not installed: the tests that need it are skipped, and named below.`);
}
if (await check("install", install)) {
  await Promise.all([checkSources(), check("build", build())]);
  await runTests(process.argv.slice(2));
}
console.log(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`);
process.exitCode = tally.failed === 0 ? 0 : 1;
