import fc from "fast-check";
import { expect, test } from "vitest";
import { mergeLines, unifiedDiff } from "@mnemosyne/workspace";

const merge = (base: string, ours: string, theirs: string): string | undefined => {
  const merged = mergeLines(Buffer.from(base), Buffer.from(ours), Buffer.from(theirs));
  return merged === undefined ? undefined : Buffer.from(merged).toString();
};

test("changes of different lines are both there", () => {
  expect(merge("a\nb\nc\nd\n", "A\nb\nc\nd\n", "a\nb\nc\nD\n")).toBe("A\nb\nc\nD\n");
  expect(merge("a\nb\nc\n", "a\nb\nc\nnew\n", "new first\na\nb\nc\n")).toBe("new first\na\nb\nc\nnew\n");
  expect(merge("a\nb\nc\nd\ne\n", "a\nc\nd\ne\n", "a\nb\nc\nd\nE\n")).toBe("a\nc\nd\nE\n");
});

test("the same lines, or touching ones, changed differently do not go together; changed alike they do", () => {
  expect(merge("a\nb\nc\n", "a\nX\nc\n", "a\nY\nc\n")).toBeUndefined();
  expect(merge("a\nb\nc\n", "a\nX\nc\n", "a\nb\nY\n")).toBeUndefined();
  expect(merge("a\n", "a\nx\n", "a\ny\n")).toBeUndefined();
  expect(merge("a\nb\nc\n", "a\nX\nc\n", "a\nX\nc\n")).toBe("a\nX\nc\n");
});

test("line ends are lines' own: CRLF stays, and a missing last one is a change of that line", () => {
  expect(merge("a\r\nb\r\nc\r\n", "A\r\nb\r\nc\r\n", "a\r\nb\r\nC\r\n")).toBe("A\r\nb\r\nC\r\n");
  expect(merge("a\nb\nc", "A\nb\nc", "a\nb\nc\n")).toBe("A\nb\nc\n");
  expect(merge("a\nb", "a\nb\n", "a\nB")).toBeUndefined();
});

test("what is no text is not merged", () => {
  expect(mergeLines(Buffer.from("a\0"), Buffer.from("b\0"), Buffer.from("a\0c"))).toBeUndefined();
  expect(mergeLines(Buffer.from([0xff]), Buffer.from([0xfe]), Buffer.from([0xff, 1]))).toBeUndefined();
});

const lines = fc.array(fc.constantFrom("a\n", "b\n", "c\n", "\n", "d\r\n"), { maxLength: 12 });
const text = fc.tuple(lines, fc.constantFrom("", "end")).map(([all, end]) => all.join("") + end);

test("with one side unchanged it is the other; both alike it is that; and the sides may be swapped", () => {
  fc.assert(
    fc.property(text, text, text, (base, one, other) => {
      expect(merge(base, one, base)).toBe(one);
      expect(merge(base, base, one)).toBe(one);
      expect(merge(base, one, one)).toBe(one);
      expect(merge(base, one, other)).toBe(merge(base, other, one));
    }),
    { numRuns: 500 },
  );
});

function put(all: readonly string[], at: number, lines: readonly string[]): string[] {
  return all.toSpliced(at, 1, ...lines);
}

test("edits of far lines always go together, and each is where it was made", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 19 }),
      fc.integer({ min: 0, max: 19 }),
      fc.array(fc.constantFrom("x\n", "y\n"), { maxLength: 3 }),
      fc.array(fc.constantFrom("u\n", "v\n"), { maxLength: 3 }),
      (i, j, mine, theirs) => {
        fc.pre(Math.abs(i - j) > 1);
        const base = Array.from({ length: 20 }, (_, at) => `line ${at}\n`);
        const [first, second] =
          i > j ? [put(base, i, mine), put(base, j, theirs)] : [put(base, j, theirs), put(base, i, mine)];
        const both = i > j ? put(put(base, i, mine), j, theirs) : put(put(base, j, theirs), i, mine);
        expect(merge(base.join(""), first.join(""), second.join(""))).toBe(both.join(""));
      },
    ),
  );
});

test("a unified diff is what patch programs read", () => {
  const change = { path: "src/a.ts", kind: "modified" } as const;
  expect(unifiedDiff(change, "one\ntwo\nthree\n", "one\n2\nthree")).toBe(
    "--- a/src/a.ts\n+++ b/src/a.ts\n@@ -1,3 +1,3 @@\n one\n-two\n-three\n+2\n+three\n\\ No newline at end of file\n",
  );
  expect(unifiedDiff({ path: "n", kind: "added" }, undefined, "x\n")).toBe(
    "--- /dev/null\n+++ b/n\n@@ -0,0 +1,1 @@\n+x\n",
  );
  expect(unifiedDiff({ path: "n", kind: "deleted" }, "x\n", undefined)).toBe(
    "--- a/n\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-x\n",
  );
  expect(unifiedDiff(change, Buffer.from([0, 1]), Buffer.from([0, 2]))).toBe(
    "Binary files a/src/a.ts and b/src/a.ts differ\n",
  );
  expect(unifiedDiff(change, "same", "same")).toBe("");
  expect(unifiedDiff({ path: 'a"\nb', kind: "added" }, undefined, "")).toBe(
    '--- /dev/null\n+++ "b/a\\"\\nb"\n',
  );
});
