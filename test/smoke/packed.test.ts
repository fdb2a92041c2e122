import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codeBlocks } from "../markdown.ts";
import { internalDependencies, packages, readText, root, SCOPE } from "../repository.ts";

const folder = mkdtempSync(path.join(tmpdir(), "mnemosyne-packed-"));
const tarballs = path.join(folder, "tarballs");

afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  // Turbo and pnpm's own scripts look for pnpm in PATH; this way it is there on every machine.
  const pnpm = path.join(root, "tooling/pnpm.mjs");
  const args = ["-r", "--filter", "./packages/*", "pack", "--pack-destination", tarballs];
  await run(root, process.execPath, pnpm, ...args);
});

async function run(cwd: string, program: string, ...args: readonly string[]): Promise<string> {
  try {
    const { stdout, stderr } = await promisify(execFile)(program, args, { cwd, timeout: 110_000 });
    return stdout + stderr;
  } catch (error) {
    const { stdout = "", stderr = "", message } = error as Error & { stdout?: string; stderr?: string };
    throw new Error(`${message}\n${stdout}${stderr}`, { cause: error });
  }
}

function tarballOf(name: string): string {
  const { version } = packages.find((one) => one.name === name)?.manifest ?? {};
  return path.join(tarballs, `mnemosyne-${name}-${version ?? ""}.tgz`);
}

/** Packages and the packages of this repository that come with them. */
function closureOf(...names: readonly string[]): readonly string[] {
  const found = new Set(names);
  for (const one of found) {
    const below = packages.find((other) => other.name === one);
    for (const next of below === undefined ? [] : internalDependencies(below.manifest)) found.add(next);
  }
  return [...found].toSorted();
}

/** A folder with nothing but these packages and what comes with them, from the tarballs. */
async function install(home: string, names: readonly string[]): Promise<void> {
  const dependencies = Object.fromEntries(
    closureOf(...names).map((one) => [`${SCOPE}${one}`, `file:${tarballOf(one)}`]),
  );
  writeFileSync(
    path.join(home, "package.json"),
    JSON.stringify({ private: true, type: "module", dependencies }),
  );
  await run(home, "npm", "install", "--prefer-offline", "--no-audit", "--no-fund", "--no-update-notifier");
}

/** Packages of this repository that a page says to install before its first program. */
function installLines(page: string): readonly string[] {
  const [before = ""] = readText(page).split("\n```ts\n");
  return [...before.matchAll(/^npm install ([^#\n]+)/gm)].flatMap(([, line = ""]) =>
    line
      .trim()
      .split(" ")
      .flatMap((name) => (name.startsWith(SCOPE) ? [name.slice(SCOPE.length)] : [])),
  );
}

/** Checks the program against the package's published types and strips them. */
async function compile(home: string, program: string): Promise<void> {
  writeFileSync(path.join(home, "example.ts"), program);
  const tsc = path.join(root, "node_modules/typescript/bin/tsc");
  const types = ["--types", "node", "--typeRoots", path.join(root, "node_modules/@types")];
  const language = ["--target", "es2023", "--lib", "es2023,esnext.disposable", "--module", "nodenext"];
  await run(home, process.execPath, tsc, "example.ts", "--strict", "--skipLibCheck", ...language, ...types);
}

describe.concurrent("from a packed tarball, alone in an empty folder", { timeout: 120_000 }, () => {
  test.each(packages.map((one) => [one.name, one] as const))(
    "%s",
    async (name, { folder: source, manifest }) => {
      const home = path.join(folder, name);
      mkdirSync(home);
      await install(home, [name]);
      const installed = path.join(home, "node_modules/@mnemosyne");
      expect(readdirSync(installed).toSorted()).toEqual(closureOf(name));
      const published = readdirSync(path.join(installed, name));
      expect(published).toEqual(expect.arrayContaining(["LICENSE", "README.md", "dist", "package.json"]));
      expect(published).not.toContain("test");
      for (const subpath of Object.keys(manifest.exports)) {
        if (subpath === "./package.json") continue;
        const specifier = path.posix.join(manifest.name, subpath);
        // Node.js 20 and 22 differ in how a module imports JSON; both can require it.
        const isData = subpath.endsWith(".json");
        const load = isData ? `require("${specifier}")` : `await import("${specifier}")`;
        await run(home, process.execPath, `--input-type=${isData ? "commonjs" : "module"}`, "--eval", load);
      }
      for (const command of Object.keys(manifest.bin ?? {})) {
        expect(await run(home, path.join(home, "node_modules/.bin", command), "--help")).toContain(command);
      }

      // A first program may need what its page says to install beside it.
      const named = installLines(`${source}/README.md`);
      expect(named).toContain(name);
      if (closureOf(...named).length > closureOf(name).length) await install(home, named);
      // The repository's README begins with a memory.
      for (const page of [`${source}/README.md`, ...(name === "storage" ? ["README.md"] : [])]) {
        const example = codeBlocks(page).find(({ language }) => language === "ts");
        await compile(home, example?.code ?? `throw new Error("${page} has no example.");`);
        await run(home, process.execPath, "example.js");
      }
    },
  );
});
