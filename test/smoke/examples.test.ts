import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { codeBlocks } from "../markdown.ts";
import { root } from "../repository.ts";

/** Those whose page shows what they print. */
const shown = readdirSync(path.join(root, "examples")).flatMap((name) => {
  const page = `examples/${name}/README.md`;
  if (!existsSync(path.join(root, page))) return [];
  const block = codeBlocks(page).find(({ language }) => language === "text");
  return block === undefined ? [] : [[name, block.code] as const];
});

test("there are pages that show what their example prints", () => {
  expect(shown.length).toBeGreaterThanOrEqual(4);
});

test.each(shown)("example %s prints what its page shows", async (name, expected) => {
  const { PATH } = process.env;
  const program = path.join(root, "examples", name, "dist/main.js");
  const { stdout } = await promisify(execFile)(process.execPath, [program], { env: { PATH } });
  expect(stdout.trimEnd()).toBe(expected.trimEnd());
});
