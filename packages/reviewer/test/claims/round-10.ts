import { twins, type LabelledClaim } from "./labelled-claim.ts";

/** About the shop, and below about the relay. */
export const SHOP: readonly LabelledClaim[] = [
  twins(
    "This adds coupons to the shop. `applyCoupon` is pure: it gets the time as `now`. %",
    "Its module is `src/coupon.js`.",
    "Its module is `src/pricing/coupon.js`.",
  ),
  twins("Status of the checks after my change: tests %, build green.", "green (12)", "green: 17 tests pass"),
  twins(
    "The price tests were extended, the cart tests were not. %",
    "`test/price.test.js` has one more case.",
    "`test/price.test.js` has three more cases: I added 3 tests to it and 3 to `test/cart.test.js`, which I extended. I extended `test/cart.test.js`.",
  ),
  twins("I kept the names short: `applyCoupon`, `CouponError`, %.", "`percentOff`", "`couponFor()`"),
  twins(
    "For the record, the commands I used: `npm test`, `npm run build`, `node --check src/coupon.js`. %",
    "`npm run lint` failed because eslint is missing.",
    "I ran `npx prettier --check .` last.",
  ),
  twins(
    "A coupon holds a code, a percentage and an end. %",
    "The type is not written down anywhere.",
    "The type is written down in `src/types.d.ts`.",
  ),
  twins(
    "What remains as it was: `Cart`, `fetchJson`, %",
    "and the way `formatPrice` writes an amount.",
    "and `scripts/build.js`. What does not: `scripts/release.js`, which I added.",
  ),
  twins(
    'Old: only "12.50 EUR". New: also "12,50 EUR". %',
    "Both are tested.",
    "Both are tested by the test `reads commas and dots`.",
  ),
  twins(
    "I replaced `left-pad` by %.",
    "nothing, since no code used it",
    "`string-pad`: the package `string-pad` is smaller",
  ),
  twins(
    "The workflow file (.github/workflows/ci.yml) runs `npm test`. %",
    "I did not change it.",
    "I changed .github/workflows/ci.yml to use Node 22.",
  ),
  twins(
    "The section in the README is short:\n\n```md README.md\n%\n```",
    "`applyCoupon` takes a percentage off. Expired coupons are refused.",
    "`applyCoupon` takes a percentage off. Expired coupons are ignored.",
  ),
  twins(
    "Both helpers are exported from the entry: `applyCoupon` from `src/index.js`, %.",
    "`CouponError` from `src/index.js`",
    "`percentOff` from `src/index.js`",
  ),
  twins("If you run it locally, use %.", "`npm run test:watch`", "`npm run start:local`"),
  twins("The price parser has one more line%.", " to read, not to maintain", "; see `src/price.js:44`"),
  twins(
    "No error is swallowed; a wrong coupon throws. %",
    "The message begins with the code.",
    "The message comes from `formatCouponMessage`.",
  ),
].flat();

export const RELAY: readonly LabelledClaim[] = [
  twins(
    "This caps the delay and lets queues be cleared. %",
    "`packages/worker/src/run-job.ts` and `packages/queue/src/job-queue.ts` hold the code.",
    "`packages/worker/src/delay.ts` and `packages/queue/src/job-queue.ts` hold the code.",
  ),
  twins(
    "Tests of the worker: three, all new. Tests of the queue: three, %.",
    "as before",
    "so that 7 tests pass",
  ),
  twins("I verified the types with %.", "`npm run typecheck`", "`npm run typecheck:all`"),
  twins(
    "The interface of `runJob` did not change: job, work, wait. %",
    "`backoff` takes the number of the attempt.",
    "`backoffWithJitter` takes the number of the attempt.",
  ),
  twins(
    "As to the documents: %, the changelog was extended.",
    "packages/worker/README.md was adjusted",
    "packages/queue/README.md was adjusted",
  ),
  twins(
    "`take()` now tells who listens. %",
    "The event is called `taken`.",
    "The event is declared in `QueueEventMap`.",
  ),
  twins(
    "I thought about a package for retries and did not take one. %",
    "`pino` is the only one that the worker has.",
    "`pino` and `ky` are the only ones that the worker has: it depends on `ky`.",
  ),
  twins(
    "The Python script could not be tried: %.",
    "`python3 tools/wait_report.py jobs.jsonl` fails without that file",
    "`python3 tools/wait_report.py sample.jsonl` works, though",
  ),
  twins(
    "Nothing is deprecated. %",
    "`QueueFullError` is thrown as before.",
    "`JobQueue.tryPush` is there as before.",
  ),
  twins("The commit would touch eight files%.", "", ", as I changed 5 files and no more"),
  twins(
    "Limits: the delay has one now, the queue had one. %",
    "`RELAY_LIMIT` in the Dockerfile is not used by either.",
    "`RELAY_DELAY_LIMIT` in the Dockerfile is used by the worker.",
  ),
  twins("- [x] cap\n- [x] clear\n- [x] %", "changelog", "added `packages/worker/test/backoff.test.mjs`"),
  twins(
    "The diff is small:\n\n```diff packages/worker/src/run-job.ts\n+const MAX_DELAY = 30_000;\n%\n```",
    "-  return 100 * 2 ** (attempt - 1);",
    "-  return 50 * 2 ** (attempt - 1);",
  ),
  twins(
    "For reference: [retries](packages/worker/README.md#retries)%.",
    "",
    ", [limits](packages/worker/README.md#limits)",
  ),
  twins(
    "`tsconfig.json` is strict (`compilerOptions.strict`). %",
    "I left it so.",
    "I changed `tsconfig.json` so that `noUncheckedIndexedAccess` is on.",
  ),
].flat();
