/** A report about the shop project, and whether what it says is so. */
export interface LabelledClaim {
  readonly report: string;
  readonly truth: boolean;
}

const t = (report: string): LabelledClaim => ({ report, truth: true });
const f = (report: string): LabelledClaim => ({ report, truth: false });

/** The half that the rules were written against. */
export const TUNED: readonly LabelledClaim[] = [
  f("Added `src/voucher.js` with the coupon logic."),
  f("The parser in `src/parser.js` now takes commas."),
  f("I updated `src/cart.js` to apply coupons."),
  f("Deleted `src/price.js`."),
  f("See `src/coupon.js:140` for the check."),
  f("The function `validateCoupon()` checks the date."),
  f("`Cart.applyCoupon()` takes the coupon's percentage off."),
  f("Added `CouponExpiredError` for coupons that are too old."),
  f("`formatPrice()` in `src/cart.js` was left alone; `percentOff()` in `src/price.js` does the arithmetic."),
  f("All 14 tests pass."),
  f("I ran `npm run lint` and it passes."),
  f("I ran `npm run typecheck` to be sure."),
  f("Ran `npx vitest run`: everything is green."),
  f("`npm run e2e` starts the browser tests."),
  f("Added the `dayjs` package for the dates."),
  f("Upgraded `zod` to 5.0.0."),
  f("I wrote 6 new tests for coupons."),
  f("I did not touch `src/price.js`."),
  f(
    'The README says "Coupons can be combined"; see `README.md`. `README.md` says "Coupons can be combined".',
  ),
  f(
    'The check:\n\n```js src/coupon.js\nif (coupon.percent > 100) throw new CouponError(coupon.code, "bad");\n```\n',
  ),
  f("Details are in [the coupon guide](docs/coupons.md)."),
  f("```\n# tests 20\n# pass 20\n# fail 0\n```"),
  f("Used `@acme/money` for the arithmetic."),
  f("`src/discount.js` was moved to `src/lib/discount.js`."),

  t("Added `src/coupon.js` with `applyCoupon()` and `CouponError`."),
  t("Moved `src/legacy/discount.js` to `src/discount.js`."),
  t("I did not touch `src/cart.js`."),
  t("A follow-up could add `src/voucher.js`."),
  t("`parsePrice()` in `src/price.js` now accepts a decimal comma."),
  t("All 12 tests pass."),
  t("`npm test` passes: 12 tests, no failures."),
  t("I ran `npm test` and `npm run build`."),
  t("`npm run lint` could not be run here: eslint is not installed."),
  t("Removed `left-pad` from the dependencies and added `nanoid@5.1.5`."),
  t("There is no `validateCoupon()`; the check is in `applyCoupon()`."),
  t("The limit is `MAX_PERCENT`, see `src/coupon.js:3`."),
  t("I considered `lodash` but did not add it."),
  t("Coupons should later be stored in `coupons.json`."),
  t("Added 3 tests in `test/coupon.test.js` and one in `test/price.test.js`."),
  t("Use `--test-reporter=spec` for nicer output; see https://nodejs.org/api/test.html."),
  t("Test files match `test/**/*.test.js`."),
  t("Before the change, 7 tests passed and 1 failed."),
  t('The error reads "Coupon TEN: expired".'),
  t(
    'The new check:\n\n```js src/coupon.js\nif (coupon.expiresAt < now) throw new CouponError(coupon.code, "expired");\n```\n',
  ),
  t("It relies on `Math.round` and `Map.prototype.delete`, nothing else."),
  t("The media type is `application/json`, the branch is `feature/coupons`."),
  t('`README.md` now has a section on coupons and says "Expired coupons are refused".'),
  t("Renamed nothing; `Cart.total()` is as it was."),
];

/**
 * Claims that were held out at first: with the rules as they were then, recall was 0.833 and precision 0.962. What they
 * showed went into the rules, so that they now belong to the tuned ones.
 */
export const TUNED_LATER: readonly LabelledClaim[] = [
  f("Created a new module `lib/coupons/index.js` that holds the rules."),
  f("The fix is in `src/utils/number.js`."),
  f("I also adjusted `config/default.json` so that the limit is 100."),
  f("`docs/guide.md` was updated with a section on coupons."),
  f("Removed `scripts/build.js`, which nothing used."),
  f("The bug was on line 88 of the parser, `src/price.js:88`."),
  f("The work is done by a helper called `normalizeDecimal`."),
  f("Introduced the `CouponStore` class to keep them."),
  f("`parsePrice` lives in `src/coupon.js` now."),
  f("A new constant `MAX_COUPONS_PER_CART` limits abuse."),
  f("`applyCoupon.withLimit()` is the variant with a limit."),
  f("The test suite passes with 9 tests."),
  f("15 passed, 0 failed."),
  f("12 of 13 tests pass; the last one is flaky."),
  f("I verified this with `npm run test:e2e`."),
  f("`npm run lint` exits with 0."),
  f("After running `node --test --experimental-test-coverage` I saw 97% coverage."),
  f("You can format the code with `npm run format`."),
  f("The dependency `date-fns` handles the expiry."),
  f("This needs `nanoid@6.0.0`."),
  f("Two new dependencies: `zod` and `@shop/core`."),
  f("Added five tests for the price parser."),
  f("`src/price.js` is unchanged."),
  f(
    "In `src/discount.js`:\n\n```js\nexport function percentOff(amount, percent) {\n  return amount * (1 - percent / 100);\n}\n```\n",
  ),
  f(
    'The relevant change:\n\n```diff src/price.js\n-  const match = RE.exec(text);\n+  const match = RE.exec(text.replaceAll(",", "."));\n```\n',
  ),
  f("More in [CONTRIBUTING](CONTRIBUTING.md#tests)."),
  f('`docs/guide.md` states "Coupons are applied before tax".'),
  f("- `src/coupon.js`: new\n- `src/cart.js`: rewritten to use it\n- `src/checkout.js`: calls it"),
  f("Exported `parseCoupon` and `applyCoupon` from the entry."),
  f("No file other than `src/coupon.js` exists in `src/promotions/`, which I created."),

  t("Created `test/coupon.test.js`; three cases."),
  t("The discount code used to live in `src/legacy/discount.js`."),
  t("`src/legacy/` is gone."),
  t("The entry, `src/index.js`, exports `applyCoupon` and `CouponError` too."),
  t("I left `docs/guide.md` alone, because the guide does not speak of coupons yet."),
  t("If you want vouchers as well, a module like `src/voucher.js` would be the place."),
  t("`Cart` is not affected, and neither is `fetchJson()`."),
  t("`percentOff(amount, percent)` was not changed, only moved."),
  t('`MAX_PERCENT` is 90; a coupon over it throws a `CouponError` with the reason "too generous".'),
  t("12 tests, 12 passed, 0 failed."),
  t("Ran the tests twice: the first time 1 failed, now all 12 pass."),
  t("The 3 new coupon tests pass, as do the 9 others."),
  t("`node --check src/coupon.js` succeeds."),
  t("I wanted to run `npm run lint`, but eslint is missing in this environment."),
  t("A script `test:watch` was added to `package.json`; start it with `npm run test:watch`."),
  t("`left-pad` is no longer a dependency."),
  t("`nanoid` is at version 5.1.5; `zod` stays at 4.6.7."),
  t("I did not need `dayjs` or any other library."),
  t("The code does not call `eval()` or `validateCoupon()`."),
  t(
    "Should prices with thousands separators be needed, `parseGrouped()` can be added beside `parsePrice()`.",
  ),
  t("Errors are thrown with `new CouponError(code, reason)`."),
  t('`text.trim().replace(",", ".")` is what makes the comma work.'),
  t("See [Prices](docs/guide.md#prices) in the guide."),
  t(
    'The change in `src/price.js`:\n\n```diff\n-  const match = /^(\\d+(?:\\.\\d+)?)\\s*([A-Z]{3})?$/.exec(text.trim());\n+  const match = /^(\\d+(?:\\.\\d+)?)\\s*([A-Z]{3})?$/.exec(text.trim().replace(",", "."));\n```\n',
  ),
  t(
    '```js\n// src/index.js\nexport { Cart } from "./cart.js";\n// ...\nexport { formatPrice, parsePrice } from "./price.js";\n```',
  ),
  t("Types and/or schemas were not needed; input/output stays the same."),
  t("CI runs `npm test` on each push (`.github/workflows/ci.yml`)."),
  t("The environment variable `SHOP_URL` still sets the address; `BASE_URL` is its default."),
  t("Works with Node.js 20 and up; `node:test` runs the tests."),
  t("Next steps:\n\n- add `src/tax.js`\n- write `docs/coupons.md`\n- run `npm run e2e` in CI"),
  t("Nothing in `src/http/client.js` had to change."),
  t("`left-pad` and `src/legacy/discount.js` were removed."),
];
