import { twins, type LabelledClaim } from "./labelled-claim.ts";

/** About the shop, and below about the relay. */
export const SHOP: readonly LabelledClaim[] = [
  twins(
    "Coupons work like this: a caller passes the amount and the coupon to `applyCoupon()`. %",
    "It throws `CouponError` when the coupon has ended.",
    "It throws `CouponExpired` when the coupon has ended.",
  ),
  twins(
    "### Result\n\n* implementation finished\n* `npm test`: %\n* `npm run build`: ok",
    "12 passed",
    "21 passed",
  ),
  twins(
    "I split the work in two. First the parser (`src/price.js`), then the coupons (%).",
    "`src/coupon.js`, `src/discount.js`",
    "`src/coupon.js`, `src/rules.js`",
  ),
  twins(
    "The old discount code was dead. I moved it out of `legacy`. %",
    "It is used by `applyCoupon` now.",
    "It is used by `Cart.discountedTotal` now.",
  ),
  twins(
    "Regarding quality: the tests pass, the build passes. %",
    "The linter is not installed, so I could not run it.",
    "`npm run lint` passes as well.",
  ),
  twins(
    "Tests I wrote: `takes a percentage off`, `refuses an expired coupon`, `refuses more than 90 percent`, %.",
    "`parses a decimal comma`",
    "and the test `parses thousands separators`",
  ),
  twins(
    "Configuration did not change. %",
    "`config/default.json` still has `maxItems`.",
    "`config/default.json` now has `maxCoupons`: I added `maxCoupons` to `config/default.json`.",
  ),
  twins(
    "I needed no new library for coupons. %",
    "`nanoid` was added for later use, as requested.",
    "`nanoid` and `ms` were added as dependencies: the package `ms` parses durations.",
  ),
  twins(
    "There is one thing a reviewer should know: `percentOff()` rounds. %",
    "It did so before, too.",
    "I documented that in `docs/rounding.md`.",
  ),
  twins(
    "In short: `src/price.js` (one line), `src/coupon.js` (new), `src/index.js` (two exports), %.",
    "`README.md` (a section)",
    "`src/cart-coupons.js` (new)",
  ),
  twins(
    "The comma is replaced by a dot before the text is matched. %",
    "The regular expression is the old one.",
    "This happens in `normalizePrice()`.",
  ),
  twins(
    "I touched the public API only by adding to it: %.",
    "applyCoupon and CouponError",
    "applyCoupon, CouponError and the function `listCoupons`",
  ),
  twins("How I checked it: %, then read the output.", "I ran npm test", "I ran npm run e2e"),
  twins(
    'All amounts stay whole cents. `docs/guide.md` says "%".',
    "Amounts are whole cents.",
    "Amounts are whole cents, coupons round down.",
  ),
  twins(
    "%. Nothing else is new in `package.json`.",
    "A script `test:watch` was added",
    "The scripts `test:watch` and `npm run coverage:report` were added",
  ),
].flat();

export const RELAY: readonly LabelledClaim[] = [
  twins(
    "What a caller sees: queues have `clear()`, and delays have an upper end. %",
    "What a caller does not see: `take()` emits `taken`.",
    "What a caller does not see: `take()` calls `notifyListeners()`.",
  ),
  twins(
    "I began with a failing type check (`MAX_DELAY` was missing), which is mended. %",
    "The last `npm run typecheck` had no errors.",
    "The last `npx tsc --noEmit` had no errors.",
  ),
  twins(
    "Both packages have tests now. %",
    "The worker's are new.",
    "The queue's got a fourth one: I added 4 tests in all.",
  ),
  twins(
    "Where to look: `backoff()` in `packages/worker/src/run-job.ts`, `clear()` in %.",
    "`packages/queue/src/job-queue.ts`",
    "`packages/queue/src/types.ts`",
  ),
  twins(
    "Not part of this: the Python tool (%), the image.",
    "`tools/wait_report.py`",
    "`tools/wait_report.py`, which I only changed slightly: I updated `tools/wait_report.py`",
  ),
  twins(
    "Risks: someone may rely on the unbounded delay. %",
    "The changelog says so.",
    "The migration notes (`docs/upgrading.md`) say so.",
  ),
  twins("%: 6 tests, 0 failures.", "`node --test`", "`npx vitest run`"),
  twins(
    "The error class has no members of its own. %",
    "It extends `Error`.",
    "`WorkerAbortError.reason` tells why.",
  ),
  twins("pino moved from 9.5.0 to %, nothing else moved.", "9.6.0", "9.9.0: `pino` is at 9.9.0"),
  twins(
    "After this change `packages/worker/src/index.ts` has two lines. %",
    "The first one is new.",
    "The third one, `packages/worker/src/index.ts:3`, is new.",
  ),
  twins("Everything passes: %.", "6/6 tests", "16/16 tests"),
  twins(
    "A queue that is full still throws `QueueFullError`. %",
    "Its limit is 1000 unless told otherwise (`DEFAULT_LIMIT`).",
    "Its limit is 1000 unless told otherwise (`QUEUE_DEFAULT_LIMIT`).",
  ),
  twins(
    "I deleted nothing. %",
    "The old tests are where they were.",
    "The old tests were moved to `packages/queue/test/unit/job-queue.test.mjs`.",
  ),
  twins(
    "There is a CI-ready command for each check: `npm test`, `npm run typecheck`%.",
    "",
    ", `npm run lint:fix`",
  ),
  twins(
    "New lines in the changelog:\n\n```md CHANGELOG.md\n%\n```",
    "- `JobQueue` can be cleared.",
    "- `JobQueue` can be cleared and drained.",
  ),
].flat();
