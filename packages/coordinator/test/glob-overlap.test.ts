import { globsOverlap } from "@mnemosyne/coordinator";
import fc from "fast-check";
import picomatch from "picomatch";
import { expect, test } from "vitest";

test.each([
  ["src/a.ts", "src/a.ts", true],
  ["src/**", "src/a/b.ts", true],
  ["src/**", "src", true],
  ["src", "src/a.ts", true],
  ["src/", "src/a.ts", true],
  ["./src/a.ts", "src/a.ts", true],
  ["**", "anything", true],
  ["src/*.ts", "src/*.md", true],
  ["Src/a.ts", "src/A.ts", true],
  ["docs/../src/a.ts", "src/a.ts", true],
  ["a|src/x", "src/x", true],
  ["src/a.ts", "src/b.ts", false],
  ["src/**", "srcs/**", false],
  ["src/**", "docs/**", false],
  ["packages/a/**", "packages/b/**", false],
  ["src", "src.ts", false],
  ["@scope/a/**", "@scope/b/**", false],
])("%s and %s: %s", (a, b, expected) => {
  expect(globsOverlap(a, b)).toBe(expected);
  expect(globsOverlap(b, a)).toBe(expected);
});

const segment = fc.constantFrom("a", "b", "ab", "a.ts", "B", ".x", "Σ", "ς", "ß", "SS");
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
const globPart = fc.oneof(
  { weight: 3, arbitrary: segment },
  fc.constantFrom(
    ...'* ** *.ts ? a* ?b [ab] [!a] {a,b} {a,b/**} @(a|b) !(a) +(a) *(a)b (a|b) a|b a+ !a \\a a\\b "a" . .. {1..2}'.split(
      " ",
    ),
  ),
);
const glob = fc
  .tuple(fc.constantFrom("", "", "./", "!"), fc.array(globPart, { minLength: 1, maxLength: 4 }))
  .map(([start, parts]) => start + parts.join("/"));

test("two globs that are said never to meet never match the same path", () => {
  let disjoint = 0;
  fc.assert(
    fc.property(glob, glob, fc.array(path, { minLength: 1, maxLength: 20 }), (a, b, paths) => {
      if (globsOverlap(a, b)) return;
      disjoint++;
      const one = picomatch(a, { dot: true });
      const other = picomatch(b, { dot: true });
      expect(paths.filter((candidate) => one(candidate) && other(candidate))).toEqual([]);
    }),
    { numRuns: 2000 },
  );
  expect(disjoint).toBeGreaterThan(200);
});

test("a glob meets every path that it matches", () => {
  fc.assert(
    fc.property(glob, path, (pattern, candidate) => {
      const matches = picomatch(pattern, { dot: true })(candidate);
      expect(!matches || globsOverlap(pattern, candidate)).toBe(true);
    }),
    { numRuns: 3000 },
  );
});
