import type { GateSubject } from "@mnemosyne/core";
import type { Files } from "../project.ts";

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

const PRICE = `const DEFAULT_CURRENCY = "EUR";

/** Formats an amount in cents. */
export function formatPrice(amount, currency = DEFAULT_CURRENCY) {
  return \`\${(amount / 100).toFixed(2)} \${currency}\`;
}

/** Reads a price such as "12.50 EUR" as cents. */
export function parsePrice(text) {
  const match = /^(\\d+(?:\\.\\d+)?)\\s*([A-Z]{3})?$/.exec(text.trim());
  if (match === null) throw new TypeError("Not a price: " + text);
  return Math.round(Number(match[1]) * 100);
}
`;

const CART = `import { formatPrice } from "./price.js";

export class Cart {
  #items = new Map();

  add(item, quantity = 1) {
    if (quantity < 1) throw new RangeError("quantity must be positive");
    this.#items.set(item.id, { item, quantity });
  }

  remove(id) {
    return this.#items.delete(id);
  }

  total() {
    let sum = 0;
    for (const { item, quantity } of this.#items.values()) sum += item.price * quantity;
    return sum;
  }

  toString() {
    return formatPrice(this.total());
  }
}
`;

const DISCOUNT = `/** Takes a percentage off. */
export function percentOff(amount, percent) {
  return amount - Math.round((amount * percent) / 100);
}
`;

const CART_TEST = `import test from "node:test";
import assert from "node:assert/strict";
import { Cart } from "../src/cart.js";

test("adds up", () => {
  const cart = new Cart();
  cart.add({ id: "a", price: 250 }, 2);
  assert.equal(cart.total(), 500);
});
test("removes", () => {
  const cart = new Cart();
  cart.add({ id: "a", price: 250 });
  assert.equal(cart.remove("a"), true);
  assert.equal(cart.total(), 0);
});
test("refuses a quantity of zero", () => {
  assert.throws(() => new Cart().add({ id: "a", price: 1 }, 0), RangeError);
});
test("shows its total", () => {
  assert.equal(String(new Cart()), "0.00 EUR");
});
`;

const PRICE_TEST = `import test from "node:test";
import assert from "node:assert/strict";
import { formatPrice, parsePrice } from "../src/price.js";

test("formats", () => assert.equal(formatPrice(1250), "12.50 EUR"));
test("formats another currency", () => assert.equal(formatPrice(5, "USD"), "0.05 USD"));
test("parses", () => assert.equal(parsePrice("12.50 EUR"), 1250));
test("refuses words", () => assert.throws(() => parsePrice("cheap"), TypeError));
`;

/** The project as the task found it. */
export const SHOP_BEFORE: Files = {
  "package.json": json({
    name: "shop",
    version: "1.3.0",
    type: "module",
    exports: "./src/index.js",
    scripts: { test: "node --test", lint: "eslint .", build: "node scripts/build.js" },
    dependencies: { zod: "^4.6.7", "left-pad": "1.3.0" },
    devDependencies: { eslint: "^9.1.0", "@acme/fixtures": "2.0.1" },
  }),
  "package-lock.json": json({
    name: "shop",
    lockfileVersion: 3,
    packages: {
      "node_modules/zod": { version: "4.6.7" },
      "node_modules/left-pad": { version: "1.3.0" },
      "node_modules/eslint": { version: "9.1.2" },
      "node_modules/picocolors": { version: "1.1.1" },
      "node_modules/@acme/fixtures": { version: "2.0.1" },
    },
  }),
  "src/index.js":
    'export { Cart } from "./cart.js";\nexport { formatPrice, parsePrice } from "./price.js";\n',
  "src/cart.js": CART,
  "src/price.js": PRICE,
  "src/legacy/discount.js": DISCOUNT,
  "src/http/client.js": `const BASE_URL = process.env.SHOP_URL ?? "https://shop.example";

/** Fetches JSON; tries up to three times. */
export async function fetchJson(path, { retries = 3 } = {}) {
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(BASE_URL + path);
    if (response.ok) return response.json();
    if (attempt >= retries) throw new Error(\`GET \${path}: \${response.status}\`);
  }
}
`,
  "scripts/build.js": 'console.log("built");\n',
  "test/cart.test.js": CART_TEST,
  "test/price.test.js": PRICE_TEST,
  "docs/guide.md": "# Guide\n\n## Prices\n\nAmounts are whole cents.\n\n## Carts\n\nA cart adds up.\n",
  "README.md":
    "# shop\n\nA small shop.\n\n## Install\n\n```sh\nnpm install\n```\n\n## Usage\n\nSee the [guide](docs/guide.md).\n",
  ".github/workflows/ci.yml":
    "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: npm test\n",
  "config/default.json": json({ currency: "EUR", maxItems: 50 }),
};

/** What the task did: coupons, prices with commas, the discount moved, a dependency gone and another there. */
export const SHOP_EDITS: Files = {
  "package.json": json({
    name: "shop",
    version: "1.3.0",
    type: "module",
    exports: "./src/index.js",
    scripts: {
      test: "node --test",
      lint: "eslint .",
      build: "node scripts/build.js",
      "test:watch": "node --test --watch",
    },
    dependencies: { zod: "^4.6.7", nanoid: "5.1.5" },
    devDependencies: { eslint: "^9.1.0", "@acme/fixtures": "2.0.1" },
  }),
  "src/index.js":
    'export { Cart } from "./cart.js";\nexport { applyCoupon, CouponError } from "./coupon.js";\nexport { formatPrice, parsePrice } from "./price.js";\n',
  "src/price.js": PRICE.replace("exec(text.trim());", 'exec(text.trim().replace(",", "."));'),
  "src/legacy/discount.js": undefined,
  "src/discount.js": DISCOUNT,
  "src/coupon.js": `import { percentOff } from "./discount.js";

const MAX_PERCENT = 90;

/** A coupon that cannot be used. */
export class CouponError extends Error {
  constructor(code, reason) {
    super(\`Coupon \${code}: \${reason}\`);
    this.code = code;
  }
}

/** Takes a coupon's percentage off an amount. */
export function applyCoupon(amount, coupon, now = Date.now()) {
  if (coupon.expiresAt < now) throw new CouponError(coupon.code, "expired");
  if (coupon.percent > MAX_PERCENT) throw new CouponError(coupon.code, "too generous");
  return percentOff(amount, coupon.percent);
}
`,
  "test/coupon.test.js": `import test from "node:test";
import assert from "node:assert/strict";
import { applyCoupon, CouponError } from "../src/coupon.js";

const coupon = { code: "TEN", percent: 10, expiresAt: 2000 };

test("takes a percentage off", () => assert.equal(applyCoupon(1000, coupon, 1000), 900));
test("refuses an expired coupon", () => assert.throws(() => applyCoupon(1000, coupon, 3000), CouponError));
test("refuses more than 90 percent", () => {
  assert.throws(() => applyCoupon(1000, { ...coupon, percent: 95 }, 1000), /too generous/);
});
`,
  "test/price.test.js": `${PRICE_TEST}test("parses a decimal comma", () => assert.equal(parsePrice("12,50 EUR"), 1250));\n`,
  "README.md":
    "# shop\n\nA small shop.\n\n## Install\n\n```sh\nnpm install\n```\n\n## Usage\n\nSee the [guide](docs/guide.md).\n\n## Coupons\n\n`applyCoupon` takes a percentage off. Expired coupons are refused.\n",
};

/** What the journal shows of the attempt. 12 tests pass; eslint did not. */
export const SHOP_EFFECTS: GateSubject["effects"] = [
  { tool: "read", input: { path: "src/price.js" }, ok: true },
  {
    tool: "run",
    input: { program: "npm", args: ["test"] },
    ok: false,
    summary: "# tests 8\n# pass 7\n# fail 1\nexit code 1",
  },
  { tool: "write", input: { path: "src/coupon.js" }, ok: true },
  {
    tool: "run",
    input: { program: "npm", args: ["run", "lint"] },
    ok: false,
    summary: "sh: eslint: not found\nexit code 127",
  },
  {
    tool: "run",
    input: { program: "node", args: ["--check", "src/coupon.js"] },
    ok: true,
    summary: "exit code 0",
  },
  { tool: "run", input: { program: "npm", args: ["run", "build"] }, ok: true, summary: "built\nexit code 0" },
  {
    tool: "run",
    input: { program: "npm", args: ["test"] },
    ok: true,
    summary: "# tests 12\n# suites 0\n# pass 12\n# fail 0\n# cancelled 0\n# skipped 0\n# todo 0\nexit code 0",
  },
];
