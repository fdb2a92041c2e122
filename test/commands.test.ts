import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { readText, root } from "./repository.ts";

const { scripts, packageManager } = JSON.parse(readText("package.json")) as {
  readonly scripts: Readonly<Record<string, string>>;
  readonly packageManager: string;
};

/** A folder with Node.js and npm alone: what a bare machine has, without pnpm. */
const bare = mkdtempSync(path.join(tmpdir(), "mnemosyne-bare-"));
for (const name of ["node", "npm", "npx"]) {
  symlinkSync(path.join(path.dirname(process.execPath), name), path.join(bare, name));
}

afterAll(() => rmSync(bare, { recursive: true, force: true }));

async function onBareMachine(...command: readonly string[]): Promise<{ code: number; output: string }> {
  const { HOME = "" } = process.env;
  // npm starts scripts through /bin/sh; pnpm stands in neither folder.
  const env = { HOME, PATH: `${bare}:/bin` };
  const [program = "", ...args] = command;
  try {
    const { stdout, stderr } = await promisify(execFile)(program, args, { cwd: root, env });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, output: stdout + stderr };
  }
}

test("the four commands go through the pinned pnpm, so that a machine needs only Node.js and npm", () => {
  for (const name of ["setup", "build", "start", "test"])
    expect(scripts[name]).toMatch(/^node tooling\/pnpm\.mjs /);
});

test("a machine with only Node.js and npm gets the pinned pnpm", async () => {
  expect((await onBareMachine("pnpm", "--version")).code).not.toBe(0);
  const { code, output } = await onBareMachine(process.execPath, "tooling/pnpm.mjs", "--version");
  expect({ code, version: `pnpm@${output.trim()}` }).toEqual({ code: 0, version: packageManager });
});

test("`npm run setup` and `npm run build` work there", async () => {
  const setup = await onBareMachine("npm", "run", "setup");
  expect(setup).toMatchObject({ code: 0 });
  const build = await onBareMachine("npm", "run", "build");
  expect(build).toMatchObject({ code: 0 });
});

test("`npm start` works there, with its arguments and exit code", async () => {
  const { code, output } = await onBareMachine("npm", "start", "--", "--fast");
  expect(output).toContain("Unknown option '--fast'");
  expect(code).toBe(1);
});

test("arguments and exit codes pass through the way that start and test take", async () => {
  const script = "console.log(JSON.stringify(process.argv.slice(1))); process.exit(3)";
  const args = ["exec", "node", "-e", script, "--", "--script", "lies", "--json"];
  const { code, output } = await onBareMachine(process.execPath, "tooling/pnpm.mjs", ...args);
  expect(code).toBe(3);
  expect(output).toContain('["--script","lies","--json"]');
});
