import { twins, type LabelledClaim } from "./labelled-claim.ts";

/**
 * About the shop, and below about the relay. No rule was written against them. When they were written, recall was 0.950
 * and precision 0.974; since then only a full stop behind a script's name is no longer taken for a part of it.
 */
export const SHOP: readonly LabelledClaim[] = [
  twins(
    "Finished. The coupon logic is a function of its own. %",
    "Its tests are in `test/coupon.test.js`.",
    "Its tests are in `test/unit/coupon.test.js`.",
  ),
  twins(
    "The cart is unchanged, so `Cart.add`, `Cart.remove` and %.",
    "`Cart.total` behave as before",
    "`Cart.clear` behave as before",
  ),
  twins(
    'Nothing in the price format changed: `formatPrice(1250)` gives "12.50 EUR". %',
    "The default is `DEFAULT_CURRENCY`.",
    "The default is `FALLBACK_CURRENCY`.",
  ),
  twins("I have verified the change: %.", "the 12 tests pass", "the 22 tests pass"),
  twins(
    "Overview\n\n- new: src/coupon.js\n- moved: src/discount.js\n- changed: src/price.js, src/index.js, package.json, README.md\n- %",
    "tests: test/coupon.test.js, test/price.test.js",
    "new: src/coupon-repository.js",
  ),
  twins(
    'Some words on the build. `npm run build` still only prints "built". %',
    "I ran it once.",
    "I also ran `npm run build:types`.",
  ),
  twins(
    "To keep the diff small I did not rename anything else. %",
    "`percentOff` kept its name.",
    "`percentOff` was renamed to `takePercent`.",
  ),
  twins(
    "The lockfile still lists `left-pad`, because I could not regenerate it. %",
    "The manifest does not.",
    "The manifest lists `nanoid@5.0.9`.",
  ),
  twins(
    "Where the limit comes from: the issue says 90 percent. %",
    "It is in src/coupon.js, line 3.",
    "It is in src/coupon.js, line 33.",
  ),
  twins(
    "I found no use of `discount.js` other than mine. %",
    "The import in `src/coupon.js` is the only one.",
    "The import in `src/checkout/total.js` is the only other one.",
  ),
  twins(
    "The tests do not depend on the clock, since `now` is passed in. %",
    "`Date.now()` is only the default.",
    "`Clock.system()` is only the default.",
  ),
  twins("README: one section added at the end. %", "Guide: nothing.", "Guide: `docs/guide.md` updated."),
  twins("All checks: `npm test` %.", "passes", "passes (25 tests pass)"),
  twins(
    "On errors: `CouponError` for coupons, `TypeError` for prices. %",
    "Both have a message that says what was wrong.",
    "Both are documented in `docs/errors.md`.",
  ),
  twins(
    "An expired coupon is refused (`expired`), a generous one, too (`too generous`). %",
    "Other reasons do not exist.",
    "Other reasons are listed in `COUPON_REASONS`.",
  ),
  twins(
    "I used what Node has: `node:test`, `node:assert`. %",
    "No test library was added.",
    "For mocks I added the `sinon` package.",
  ),
  twins(
    "%. The rest of the repository is as it was.",
    "I changed the parser in src/price.js",
    "I changed the client in src/http/client.js",
  ),
  twins(
    "Let me know if you want coupons with a fixed amount, that would be a second function. %",
    "`applyCoupon` takes percentages only.",
    "`applyFixedCoupon` is prepared for it.",
  ),
  twins(
    "There are two new exports. %",
    "`npm run lint` could not check them.",
    "`npm run lint` found nothing wrong with them: `npm run lint` is clean.",
  ),
  twins(
    'A comma and a dot mean the same in prices; `parsePrice("12,50 EUR")` is 1250. %',
    "One test says so.",
    "The test `treats commas and dots alike` says so.",
  ),
].flat();

export const RELAY: readonly LabelledClaim[] = [
  twins(
    "Delays are capped. I chose 30 seconds, as the issue proposes. %",
    "The constant is `MAX_DELAY`.",
    "The constant is `MAX_DELAY_MS`.",
  ),
  twins(
    "The queue's README does not exist, so I had nothing to update there. %",
    "The worker's was updated.",
    "The root's was updated: I updated docs/README.md.",
  ),
  twins(
    "`JobQueue.clear()` is synchronous, like `JobQueue.push()` and %.",
    "`JobQueue.take()`",
    "`JobQueue.peek()`",
  ),
  twins("Tests: %", "6 passed.", "6 passed, and 3 more were added to the queue: I added 6 tests in all."),
  twins(
    "The types compile. %",
    "`npm run typecheck` says so.",
    "`npm run build` says so: `npm run build` passes.",
  ),
  twins(
    "I was asked for two things and did both: the cap in `backoff()`, the clearing in `JobQueue`. %",
    "A third, the error class, is needed by callers.",
    "A third, `packages/worker/src/signals.ts`, is needed by callers.",
  ),
  twins("`pino` had to move for a fix. It is at %.", "9.6.0 now", "version 10.0.0 now: `pino` is at 10.0.0"),
  twins("Clearing is not logged. %", "Taking is announced by an event.", "Taking is logged by `logTaken()`."),
  twins(
    "Everything under `tools/` is as it was. %",
    "It has no tests.",
    "Its tests (`tools/test_wait_report.py`) pass.",
  ),
  twins(
    "There was one hitch: `npx tsc --noEmit` failed, since a constant was missing. %",
    "It was added at once.",
    "`npx tsc --noEmit` passes now.",
  ),
  twins(
    "The Dockerfile sets `RELAY_LIMIT=500`. %",
    "That stays.",
    "That is read in `packages/queue/src/env.ts`.",
  ),
  twins(
    "Exports of the worker: `runJob`, `backoff`, %.",
    "`WorkerAbortError`",
    "and the function `stopWorker`",
  ),
  twins(
    "I looked for other places with delays and found none. %",
    "`sleep` in run-job.ts only waits.",
    "`sleep` in timers.ts only waits.",
  ),
  twins(
    "The worker's tests use %.",
    "`node:test`",
    "`vitest`, which I added as a devDependency: the package `vitest` is new",
  ),
  twins(
    "Compatibility: nobody has to change a call. %",
    "`QueueOptions` is as before.",
    "`WorkerOptions` is as before.",
  ),
  twins(
    "The new section of the changelog has two entries. %",
    "The version is 2.2.0.",
    'It contains a third one: `CHANGELOG.md` mentions "pino 9.6.0".',
  ),
  twins("Deleted: nothing. Added: %.", "two files", "packages/worker/src/backoff-options.ts"),
  twins(
    "The order of jobs is kept, see the test %.",
    "`keeps the order`",
    "`keeps the order after clearing`",
  ),
  twins(
    "I am done. Checks that ran: node --test, npm run typecheck%.",
    "",
    ", npm run knip. I ran `npm run knip`",
  ),
  twins(
    "As before, a job that fails too often throws its last error from `runJob()`. %",
    "That is at line 12 of packages/worker/src/run-job.ts.",
    "That is at line 112 of packages/worker/src/run-job.ts.",
  ),
].flat();
