import { existsSync } from "node:fs";
import path from "node:path";
import type { Workspace } from "@mnemosyne/core";

/**
 * The command that runs a project's tests, from what its files say: a script of package.json, else the usual program of
 * its language. Undefined where nothing says that there are tests.
 */
export async function findTestCommand(workspace: Workspace): Promise<string | undefined> {
  const files = await workspace.list();
  const names = new Set(files);
  const read = async (file: string): Promise<string> =>
    names.has(file) ? await workspace.readText(file) : "";
  return (
    scriptCommand(await read("package.json"), workspace.root) ??
    (await pythonCommand(files, read)) ??
    (names.has("go.mod") ? "go test -v ./..." : undefined) ??
    (names.has("Cargo.toml") ? "cargo test" : undefined) ??
    (files.some((file) => /(?:^|\/)[^/]+[.-](?:test|spec)\.[cm]?js$|(?:^|\/)test\/[^/]+\.[cm]?js$/.test(file))
      ? "node --test"
      : undefined)
  );
}

const MANAGERS: readonly (readonly [lockfile: string, command: string])[] = [
  ["pnpm-lock.yaml", "pnpm test"],
  ["yarn.lock", "yarn test"],
  ["bun.lock", "bun run test"],
  ["bun.lockb", "bun run test"],
];

function scriptCommand(manifest: string, root: string): string | undefined {
  if (manifest === "") return undefined;
  let script: unknown;
  try {
    script = (JSON.parse(manifest) as { readonly scripts?: { readonly test?: unknown } }).scripts?.test;
  } catch {
    // A package.json that is no JSON has no script; other gates judge the file.
    return undefined;
  }
  if (typeof script !== "string" || script.trim() === "" || /no test specified/.test(script))
    return undefined;
  return MANAGERS.find(([lockfile]) => existsSync(path.join(root, lockfile)))?.[1] ?? "npm test";
}

const PYTHON_TEST = /(?:^|\/)(?:test_[^/]*|[^/]*_test)\.py$/;

async function pythonCommand(
  files: readonly string[],
  read: (file: string) => Promise<string>,
): Promise<string | undefined> {
  const tests = files.filter((file) => PYTHON_TEST.test(file));
  const settled =
    files.includes("pytest.ini") ||
    files.includes("conftest.py") ||
    /\[tool\.pytest/.test(await read("pyproject.toml")) ||
    /\[(?:tool:)?pytest\]/.test(`${await read("setup.cfg")}${await read("tox.ini")}`);
  if (settled) return "python3 -m pytest";
  if (tests.length === 0) return undefined;
  for (const file of tests.slice(0, 50)) {
    const text = await read(file);
    if (/^\s*(?:import|from)\s+pytest\b/m.test(text) || /^(?:async\s+)?def test_/m.test(text))
      return "python3 -m pytest";
  }
  const folders = new Set(tests.map((file) => file.split("/").slice(0, -1).join("/")));
  const [only = ""] = folders;
  const inPackage = files.includes(`${only}/__init__.py`);
  return folders.size === 1 && only !== "" && !inPackage
    ? `python3 -m unittest discover -v -s ${only}`
    : "python3 -m unittest discover -v";
}
