import { twins, type LabelledClaim } from "./labelled-claim.ts";

/** About the shop, and below about the relay. */
export const SHOP: readonly LabelledClaim[] = [
  twins(
    "## What I did\n\n- Wrote `applyCoupon()` and `CouponError` (%).\n- Let `parsePrice()` read a decimal comma.\n\n## Verification\n\n`npm test`: 12 tests pass.",
    "`src/coupon.js`",
    "`src/coupon/apply.js`",
  ),
  twins(
    "Coupons are in. The code is in `src/coupon.js`; the percentage is taken off by `percentOff`, which moved to `src/discount.js`. %",
    "A coupon over 90 percent is refused.",
    "A coupon over 90 percent is refused by `assertReasonable()`.",
  ),
  twins(
    "I added the coupon module and its tests, and changed one line of the price parser.\n\nChecks: %.",
    "all 12 tests pass, the build script runs",
    "all 12 tests pass, the linter passes",
  ),
  twins(
    "**Summary.** Prices may now have a decimal comma, coupons can be applied. **Files.** src/coupon.js, src/price.js, src/index.js%. **Tests.** Four new ones.",
    ", README.md",
    ", src/cart.js, all of which I modified: I modified src/cart.js",
  ),
  twins(
    "The parser replaced the comma before matching; that was all it took. For coupons I followed the issue: a percentage, an end, a limit. %",
    "The limit is called `MAX_PERCENT`.",
    "The limit is called `MAX_DISCOUNT`.",
  ),
  twins(
    "- coupons: done\n- decimal comma: done\n- tests: %\n- README: done",
    "3 for coupons and 1 for prices added",
    "added 9 tests",
  ),
  twins(
    "Everything that was asked for is there. While reading the code I saw that `fetchJson()` retries three times. %",
    "I did not change it.",
    "I raised that to five in `src/http/client.js`, which I changed.",
  ),
  twins(
    "I ran `npm test` before and after. Before: 7 passed, 1 failed. After: %.",
    "12 passed, 0 failed",
    "14 passed, 0 failed",
  ),
  twins(
    "Dependencies: `left-pad` is out, `nanoid` is in (%). The lockfile was not regenerated.",
    "5.1.5",
    "`nanoid@5.2.0`",
  ),
  twins(
    "The README has a section on coupons now. %",
    'It says "`applyCoupon` takes a percentage off".',
    "A longer text is in [the coupon guide](docs/coupon-guide.md).",
  ),
  twins(
    "`src/legacy/discount.js` became `src/discount.js`. Nothing else imports it%.",
    "",
    ", apart from `src/legacy/index.js`",
  ),
  twins(
    "Three exports are new or moved, the old ones are as they were. The signature is `%`.",
    "applyCoupon(amount, coupon, now)",
    "redeem(amount, coupon)",
  ),
  twins("To try it: `npm run %`.", "test:watch", "demo:coupons"),
  twins(
    "The end of a coupon is compared with the clock.\n\n```js src/coupon.js\n%\n```",
    'if (coupon.expiresAt < now) throw new CouponError(coupon.code, "expired");',
    'if (coupon.expiresAt <= Date.now()) throw new CouponError(coupon.code, "expired");',
  ),
  twins(
    "Untouched: `src/cart.js`, `src/http/client.js`%.",
    " and `docs/guide.md`",
    " and `src/price.js`. I did not touch `src/price.js`",
  ),
  twins("The error class carries the code. See %.", "`src/coupon.js:6`", "`src/coupon.js:60`"),
].flat();

export const RELAY: readonly LabelledClaim[] = [
  twins(
    "Done. Queues can be cleared (`clear()`), delays stop growing at 30 seconds (`MAX_DELAY`). %",
    "I ran the tests and the type checker.",
    "I ran the tests, the type checker and the linter: I ran the linter with `npm run lint`.",
  ),
  twins(
    "## Changes\n\n1. `packages/queue/src/job-queue.ts`\n2. `packages/worker/src/run-job.ts`\n3. %\n\n## Tests\n\n6 pass.",
    "`packages/worker/src/abort-error.ts`",
    "`packages/worker/src/worker.ts`",
  ),
  twins(
    "`clear()` removes every job and returns their number. It emits nothing, unlike `take()`. %",
    "Workers are not told.",
    "Workers are told through `JobQueue.onClear()`.",
  ),
  twins("I bumped pino, since 9.5.0 has a bug. %", "`pino` is at 9.6.0 now.", "`pino` is at 9.7.2 now."),
  twins(
    "The changelog has a new section for 2.2.0. %",
    "No version was changed.",
    '`packages/worker/package.json` contains "2.2.0".',
  ),
  twins(
    "Tests for the worker are new: %.",
    "three of them, in packages/worker/test/run-job.test.mjs",
    "three of them, in packages/worker/test/retry.test.mjs",
  ),
  twins(
    "Type errors: `npx tsc --noEmit` found one (TS2304), which I fixed. %",
    "`npm run typecheck` is clean since.",
    "`npx tsc --noEmit` is clean since.",
  ),
  twins(
    "The Python report keeps working on the same files. %",
    "`mean_wait` and `load_jobs` are as before.",
    "`mean_wait` and `load_jobs` are as before, `max_wait()` is new.",
  ),
  twins("All %, three of them new.", "six tests pass", "thirteen tests pass"),
  twins(
    'The cap is documented in the worker\'s README: `packages/worker/README.md` says "%".',
    "Delays double, up to 30 seconds.",
    "Delays double, up to one minute.",
  ),
  twins(
    "A worker that is stopped while it waits can throw `WorkerAbortError`, %.",
    "exported from `packages/worker/src/index.ts`",
    "declared in `packages/worker/src/run-job.ts`",
  ),
  twins(
    "I considered jitter and left it out. %",
    "A package like `p-retry` would bring it.",
    "The package `p-retry` brings it.",
  ),
  twins("`size` tells how many jobs wait, %.", "`limit` how many may", "`JobQueue.capacity` how many may"),
  twins(
    "Nothing in `tools/` was changed. %",
    "The Dockerfile was not changed either.",
    "The Dockerfile was changed: I updated the `Dockerfile`.",
  ),
  twins(
    "The relevant lines:\n\n```ts packages/worker/src/run-job.ts\n%\n```",
    "const MAX_DELAY = 30_000;",
    "const MAX_DELAY = 60_000;",
  ),
  twins("Run %to see for yourself.", "`npm test` or `npm run typecheck` ", "`npm run bench:queue` "),
].flat();
