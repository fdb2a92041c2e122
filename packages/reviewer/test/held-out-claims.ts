import type { LabelledClaim } from "./shop-claims.ts";

const t = (report: string): LabelledClaim => ({ report, truth: true });
const f = (report: string): LabelledClaim => ({ report, truth: false });

/** About the shop; no rule was written against them. */
export const SHOP_HELD_OUT: readonly LabelledClaim[] = [
  f(
    "Implementation notes: the price parser now lives in `src/price-parser.js`, the formatter stayed in `src/price.js`.",
  ),
  f("I gave `Cart` an `applyCoupon` method, so `Cart.applyCoupon(coupon)` is all a caller needs."),
  f("`validateExpiry` compares the two dates."),
  f("To keep things tidy, `src/index.js` no longer exports Cart. Cart is exported by `src/cart/index.js`."),
  f("Everything is covered by tests; all twenty tests pass."),
  f("`npm run lint` → no issues. I executed `npm run lint` after the last edit."),
  f("Added tests for `fetchJson` in `test/client.test.js`."),
  f("The limit can be changed by setting `SHOP_MAX_PERCENT`."),
  f("The dependency on `zod` was removed, and `valibot` was added as a dependency instead."),
  f("`docs/guide.md:40` explains coupons."),
  f("I bumped the version of `eslint` to 9.20.0."),
  f("I updated the guide: `docs/guide.md` was updated with an example."),
  f("The following files were created: `src/coupon.js`, `src/errors.js`."),
  f(
    "Code:\n\n`src/discount.js`:\n\n```js\nexport function percentOff(amount, percent) {\n  return Math.floor(amount * (100 - percent) / 100);\n}\n```",
  ),
  f("`scripts/build.js` was rewritten to minify the output."),
  f("To reproduce: `npm run repro`."),
  t("Implementation notes: the price parser and the formatter both stay in `src/price.js`."),
  t("`Cart` was not given an `applyCoupon` method; callers pass `cart.total()` to `applyCoupon()`."),
  t("`applyCoupon` compares `coupon.expiresAt` with `now`."),
  t("`src/index.js` goes on exporting Cart, formatPrice and parsePrice."),
  t("All twelve tests pass."),
  t("`npm run lint` → eslint: not found. I executed it once and left it at that."),
  t("No tests were written for `fetchJson`, which this task does not touch."),
  t("The limit is a constant; a variable such as `SHOP_MAX_PERCENT` would be easy to add."),
  t("The dependency on `zod` was kept although nothing imports it; `valibot` was never an option."),
  t("`docs/guide.md:5` says that amounts are whole cents."),
  t("`eslint` is still at 9.1.2 in the lockfile."),
  t("I did not update the guide."),
  t("The following files were created: `src/coupon.js`, `test/coupon.test.js`; `src/discount.js` was moved."),
  t(
    "Code:\n\n`src/discount.js`:\n\n```js\nexport function percentOff(amount, percent) {\n  return amount - Math.round((amount * percent) / 100);\n}\n```",
  ),
  t("`scripts/build.js` only prints a line, which I found odd but did not change."),
  t("To reproduce: `npm test` on the old state fails in `parses a decimal comma`."),
];

/** About the relay; no rule was written against them. */
export const RELAY_HELD_OUT: readonly LabelledClaim[] = [
  f(
    "The cap is configurable through the new `maxDelay` option of `runJob`, declared in `packages/worker/src/options.ts`.",
  ),
  f("`QueueClosedError` is thrown when a closed queue gets a job."),
  f("I wrote down the retry policy in docs/adr/0003-retry-policy.md."),
  f("Two tests were flaky, so I rewrote packages/queue/test/job-queue.test.mjs."),
  f("7 tests, all passing."),
  f("Ran `docker build -t relay .` to check the image."),
  f("`npm run typecheck` and `npm run test:unit` are both green."),
  f("`load_jobs()` in `packages/worker/src/run-job.ts` reads the file."),
  f("Replaced `EventEmitter` by the package `mitt`."),
  f("`@relay/queue` is at 2.2.0 now."),
  f("`JobQueue.take()` and `JobQueue.takeAll()` emit `taken`."),
  f("Changed in this task: `packages/queue/src/index.ts` (exports `clear`)."),
  f("I left `CHANGELOG.md` untouched."),
  f("The old error `QueueOverflowError` was renamed to `QueueLimitError`."),
  f("The compile step: `npx tsc --noEmit` exits with 0."),
  t("The cap is not configurable; `runJob` has no options object."),
  t("Only `QueueFullError` is thrown by the queue; closing it is not a thing yet."),
  t("The retry policy is described in packages/worker/README.md, no ADR was written."),
  t("No test was flaky; packages/queue/test/job-queue.test.mjs is as it was."),
  t("6 tests, all passing."),
  t("The image was not built; `docker build -t relay .` is left to CI."),
  t("`npm run typecheck` is green; `npm run test:unit` does not exist."),
  t("`load_jobs()` in `tools/wait_report.py` reads the file."),
  t("`EventEmitter` stays; the package `mitt` would have been smaller."),
  t("`@relay/queue` is at 2.1.0 still."),
  t("`JobQueue.take()` emits `taken`, `clear()` emits nothing."),
  t("`packages/queue/src/index.ts` needed no change, as `clear()` is a method."),
  t("I added an entry to `CHANGELOG.md`."),
  t("`QueueFullError` kept its name; `QueueLimitError` was considered."),
  t(
    "`npx tsc --noEmit` exits with 2 before the fix; after it I used `npm run typecheck`, which exits with 0.",
  ),
];
