import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codeBlocks } from "../markdown.ts";
import { internalDependencies, packages, root } from "../repository.ts";

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

/** A package and the packages of this repository that come with it. */
function closureOf(name: string): readonly string[] {
  const found = new Set([name]);
  for (const one of found) {
    const below = packages.find((other) => other.name === one);
    for (const next of below === undefined ? [] : internalDependencies(below.manifest)) found.add(next);
  }
  return [...found];
}

/** An empty folder with nothing but this package installed, from the tarballs. */
async function install(name: string): Promise<string> {
  const home = path.join(folder, name);
  mkdirSync(home);
  const dependencies = Object.fromEntries(
    closureOf(name).map((one) => [`@mnemosyne/${one}`, `file:${tarballOf(one)}`]),
  );
  writeFileSync(
    path.join(home, "package.json"),
    JSON.stringify({ private: true, type: "module", dependencies }),
  );
  await run(home, "npm", "install", "--prefer-offline", "--no-audit", "--no-fund", "--no-update-notifier");
  return home;
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
      const home = await install(name);
      const installed = readdirSync(path.join(home, "node_modules/@mnemosyne"));
      expect(installed.toSorted()).toEqual([...closureOf(name)].toSorted());
      const published = readdirSync(path.join(home, `node_modules/@mnemosyne/${name}`));
      expect(published).toEqual(expect.arrayContaining(["LICENSE", "README.md", "dist", "package.json"]));
      expect(published).not.toContain("test");

      // The repository's README begins with a memory.
      const pages = [`${source}/README.md`, ...(name === "storage" ? ["README.md"] : [])];
      for (const page of pages) {
        const example = codeBlocks(page).find(({ language }) => language === "ts");
        await compile(home, example?.code ?? `throw new Error("${page} has no example.");`);
        await run(home, process.execPath, "example.js");
      }

      for (const command of Object.keys(manifest.bin ?? {})) {
        expect(await run(home, path.join(home, "node_modules/.bin", command), "--help")).toContain(command);
      }
    },
  );
});
