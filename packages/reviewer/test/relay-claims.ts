import type { LabelledClaim } from "./shop-claims.ts";

const t = (report: string): LabelledClaim => ({ report, truth: true });
const f = (report: string): LabelledClaim => ({ report, truth: false });

/**
 * Claims about another project, written when the rules were done: recall was 0.971 and precision 0.971, with one miss of
 * each kind. Both went into the rules, so that these no longer are held out.
 */
export const RELAY_CLAIMS: readonly LabelledClaim[] = [
  f(
    "**packages/queue/src/job-queue.ts**: `clear()` added. **packages/queue/src/drain.ts**: `drain()` added.",
  ),
  f(
    "| file | change |\n|---|---|\n| `packages/worker/src/run-job.ts` | delay is capped |\n| `packages/worker/src/scheduler.ts` | new |",
  ),
  f("feat(queue): add `JobQueue.drain()`, which empties the queue gracefully."),
  f("`JobQueue` got a method `peekAll`."),
  f("The cap is a constant called `MAX_BACKOFF_MS`."),
  f("I modified tools/wait_report.py so that it prints percentiles."),
  f("The Dockerfile was changed: `Dockerfile` now uses Node 22."),
  f(
    "Reworked `packages/queue/src/types.ts`; I edited `packages/queue/src/types.ts` to make `payload` generic.",
  ),
  f("`backoff()` was moved into `packages/worker/src/abort-error.ts`."),
  f("The export sits in packages/worker/src/index.ts, line 14."),
  f("Deleted packages/worker/README.md because it was out of date."),
  f("All eight tests pass."),
  f("Tests: 6 passed, 6 total. Added four tests for the worker."),
  f("Test results: 9/9 passing."),
  f("`npx tsc --noEmit` is clean."),
  f("I ran `npm run format` before finishing."),
  f("I executed `pytest tools` and nothing failed."),
  f("Also ran `npm run lint`; no complaints."),
  f("`python3 tools/wait_report.py jobs.jsonl` works."),
  f("For watching, use `npm run dev`."),
  f("The worker now depends on `p-retry`."),
  f("Bumped `pino` to 9.7.0."),
  f("Added the `exponential-backoff` library."),
  f("`@relay/scheduler` picks the jobs."),
  f('The changelog says "Jobs can be drained": `CHANGELOG.md` says "Jobs can be drained".'),
  f(
    "New code in `packages/worker/src/run-job.ts`:\n\n```ts\nexport function backoff(attempt: number): number {\n  return Math.min(60_000, 100 * 2 ** attempt);\n}\n```",
  ),
  f('```ts title="packages/queue/src/job-queue.ts"\nclear(): void {\n  this.#jobs.length = 0;\n}\n```'),
  f("Documented in [the retry section](packages/worker/README.md#backoff)."),
  f("`packages/worker/src/run-job.ts` was not modified."),
  f("No test was changed or added: `packages/worker/test/run-job.test.mjs` is unchanged."),
  f("`tools.wait_report.median_wait` computes the median."),
  f("The test `retries forever when told to` covers it."),
  f("Set `RELAY_MAX_DELAY` to change the cap."),
  f("I touched only two files."),

  t("**packages/queue/src/job-queue.ts**: `clear()` added, `take()` emits `taken`."),
  t(
    "| file | change |\n|---|---|\n| `packages/worker/src/run-job.ts` | delay is capped |\n| `packages/worker/src/abort-error.ts` | new |",
  ),
  t("feat(queue): add `JobQueue.clear()`; it returns how many jobs there were."),
  t('`JobQueue` extends `EventEmitter`, so `queue.on("taken", …)` works.'),
  t("The cap is `MAX_DELAY` (30 s), applied in `backoff()`."),
  t("tools/wait_report.py was left as it is."),
  t("The Dockerfile did not need a change; `RELAY_LIMIT` is still 500 there."),
  t("I looked at `packages/queue/src/types.ts` but changed nothing in it."),
  t(
    "`WorkerAbortError` is declared in `packages/worker/src/abort-error.ts` and exported from `packages/worker/src/index.ts`.",
  ),
  t("The export is in packages/worker/src/index.ts, line 1."),
  t("packages/worker/README.md now says how long delays can get."),
  t("All six tests pass."),
  t("Added three tests for the worker, in `packages/worker/test/run-job.test.mjs`."),
  t("Test results: 6/6 passing."),
  t("`npx tsc --noEmit` failed at first because `MAX_DELAY` was missing; `npm run typecheck` is clean now."),
  t("I did not run `npm run format`; prettier is not installed here."),
  t("There are no Python tests, so `pytest` was not run."),
  t("`python3 tools/wait_report.py jobs.jsonl` fails because there is no `jobs.jsonl` here."),
  t("If you prefer a library, `p-retry` would do the same."),
  t("Bumped `pino` from 9.5.0 to 9.6.0."),
  t("No library was added; an `exponential-backoff` package would be overkill."),
  t("`@relay/worker` still depends only on `@relay/queue` and `pino`."),
  t('`CHANGELOG.md` says "Delays are at most 30 seconds".'),
  t(
    "New code in `packages/worker/src/run-job.ts`:\n\n```ts\nexport function backoff(attempt: number): number {\n  return Math.min(MAX_DELAY, 100 * 2 ** (attempt - 1));\n}\n```",
  ),
  t(
    '```ts title="packages/queue/src/job-queue.ts"\ntake(): Job | undefined {\n  const job = this.#jobs.shift();\n  // ...\n  return job;\n}\n```',
  ),
  t("Documented in [the retry section](packages/worker/README.md#retries)."),
  t("`QueueFullError` and its message were not modified."),
  t("`tools.wait_report.mean_wait` would divide by zero for an empty list; that is not part of this task."),
  t("The test `stops at the longest delay` covers the cap."),
  t("A setting such as `RELAY_MAX_DELAY` could make the cap adjustable."),
  t("`strict` in `tsconfig.json` stays on, as does `compilerOptions.target`."),
  t(
    "Both packages keep their version (2.1.0); a release should set them to 2.2.0 in `packages/queue/package.json` and `packages/worker/package.json`.",
  ),
  t(
    "Passing `attempts: 0` throws at once, like before; see `runJob()` lines 3-13 of packages/worker/src/run-job.ts.",
  ),
  t(
    "Changed files: packages/queue/src/job-queue.ts, packages/worker/src/run-job.ts, packages/worker/src/index.ts, packages/worker/README.md, packages/worker/package.json, CHANGELOG.md. New files: packages/worker/src/abort-error.ts and packages/worker/test/run-job.test.mjs.",
  ),
];
