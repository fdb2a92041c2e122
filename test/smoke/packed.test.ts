import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codeBlocks } from "../markdown.ts";
import { internalDependencies, packages, readText, root, SCOPE } from "../repository.ts";

const folder = mkdtempSync(path.join(tmpdir(), "mnemosyne-packed-"));
const tarballs = path.join(folder, "tarballs");

/** Megabytes (10^6 bytes) and number of packages. */
interface InstalledSize {
  readonly megabytes: number;
  readonly packages: number;
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  await pnpm(root, "-r", "--filter", "./packages/*", "pack", "--pack-destination", tarballs);
});

/** The pinned pnpm, which `npm test` has put in PATH; else by way of npx. */
async function pnpm(cwd: string, ...args: readonly string[]): Promise<void> {
  const folders = (process.env["PATH"] ?? "").split(path.delimiter);
  if (folders.some((one) => existsSync(path.join(one, "pnpm")))) await run(cwd, "pnpm", ...args);
  else await run(cwd, process.execPath, path.join(root, "tooling/pnpm.mjs"), ...args);
}

async function run(cwd: string, program: string, ...args: readonly string[]): Promise<string> {
  try {
    const { stdout, stderr } = await promisify(execFile)(program, args, { cwd, timeout: 110_000 });
    return stdout + stderr;
  } catch (error) {
    const { stdout = "", stderr = "", message } = error as Error & { stdout?: string; stderr?: string };
    throw new Error(`${message}\n${stdout}${stderr}`, { cause: error });
  }
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

function tarballOf(name: string): string {
  const { version } = packages.find((one) => one.name === name)?.manifest ?? {};
  return path.join(tarballs, `mnemosyne-${name}-${version ?? ""}.tgz`);
}

/** Where packages of this repository are taken from: not from the registry. */
function tarballsOf(names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [`${SCOPE}${name}`, `file:${tarballOf(name)}`]));
}

/** What publint has to say of a package as it is published. */
async function publishingFaults(name: string): Promise<readonly string[]> {
  const tarball = Uint8Array.from(readFileSync(tarballOf(name))).buffer;
  const { messages, pkg } = await publint({ strict: true, pack: { tarball } });
  return messages.map((message) => formatMessage(message, pkg) ?? message.code);
}

function emptyFolder(name: string): string {
  const home = path.join(folder, name);
  mkdirSync(home);
  return home;
}

/**
 * Installs nothing but these packages and what they declare. With pnpm, which lets each package see only what it declares
 * itself, and takes libraries from its store, where they are already.
 */
async function install(home: string, names: readonly string[]): Promise<void> {
  const manifest = { private: true, type: "module", dependencies: tarballsOf(names) };
  writeFileSync(path.join(home, "package.json"), JSON.stringify(manifest));
  // A file of its own, so that no settings from above apply. JSON is YAML.
  const settings = { overrides: tarballsOf(closureOf(...names)) };
  writeFileSync(path.join(home, "pnpm-workspace.yaml"), JSON.stringify(settings));
  await pnpm(home, "install", "--prefer-offline", "--no-frozen-lockfile");
}

/** What stands in the folder after the install: files of all packages together, and how many packages. */
function installedSize(home: string): InstalledSize {
  const store = path.join(home, "node_modules/.pnpm");
  const names = readdirSync(store).filter((name) => name !== "node_modules" && name !== "lock.yaml");
  const bytes = readdirSync(store, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(path.join(entry.parentPath, entry.name)).size, 0);
  return { megabytes: Math.round(bytes / 100_000) / 10, packages: names.length };
}

/** The README's figure. `UPDATE_SIZES=1` writes what was measured instead of comparing it. */
function expectSize(name: string, size: InstalledSize): void {
  const file = path.join(root, "docs/package-sizes.json");
  const known = JSON.parse(readFileSync(file, "utf8")) as Record<string, InstalledSize>;
  if (process.env["UPDATE_SIZES"] === "1") {
    const sizes = Object.entries({ ...known, [name]: size }).toSorted(([a], [b]) => a.localeCompare(b));
    writeFileSync(file, `${JSON.stringify(Object.fromEntries(sizes), undefined, 2)}\n`);
    return;
  }
  // Native libraries differ in size from system to system.
  expect(known[name]?.packages).toBe(size.packages);
  expect(Math.abs((known[name]?.megabytes ?? 0) - size.megabytes)).toBeLessThan(0.5 + size.megabytes * 0.25);
}

/** As most people do it: one flat folder. */
async function installWithNpm(home: string, name: string): Promise<void> {
  const overrides = tarballsOf(closureOf(name).filter((one) => one !== name));
  const manifest = { private: true, type: "module", dependencies: tarballsOf([name]), overrides };
  writeFileSync(path.join(home, "package.json"), JSON.stringify(manifest));
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

/** Checks the page's first program against the package's published types, strips them, and runs it. */
async function runExample(home: string, page: string): Promise<void> {
  const example = codeBlocks(page).find(({ language }) => language === "ts");
  writeFileSync(
    path.join(home, "example.ts"),
    example?.code ?? `throw new Error("${page} has no example.");`,
  );
  const tsc = path.join(root, "node_modules/typescript/bin/tsc");
  const types = ["--types", "node", "--typeRoots", path.join(root, "node_modules/@types")];
  const language = ["--target", "es2023", "--lib", "es2023,esnext.disposable", "--module", "nodenext"];
  await run(home, process.execPath, tsc, "example.ts", "--strict", "--skipLibCheck", ...language, ...types);
  await run(home, process.execPath, "example.js");
}

/** Loads everything that the package exports. */
async function loadExports(home: string, name: string, subpaths: readonly string[]): Promise<void> {
  const loads = subpaths.map((subpath) => {
    const specifier = JSON.stringify(path.posix.join(`${SCOPE}${name}`, subpath));
    // Node.js 20 and 22 differ in how a module imports JSON; both can require it.
    return subpath.endsWith(".json") ? `require(${specifier});` : `await import(${specifier});`;
  });
  const require =
    'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';
  writeFileSync(path.join(home, "load.js"), [require, ...loads].join("\n"));
  await run(home, process.execPath, "load.js");
}

describe.concurrent("from packed tarballs, in an empty folder", () => {
  test.each(packages.map((one) => [one.name, one] as const))(
    "%s alone",
    async (name, { folder: source, manifest }) => {
      expect(await publishingFaults(name)).toEqual([]);
      const home = emptyFolder(name);
      await install(home, [name]);
      const published = readdirSync(path.join(home, "node_modules/@mnemosyne", name));
      expect(published).toEqual(expect.arrayContaining(["LICENSE", "README.md", "dist", "package.json"]));
      expect(published).not.toContain("test");
      expectSize(name, installedSize(home));
      await loadExports(home, name, Object.keys(manifest.exports));
      for (const command of Object.keys(manifest.bin ?? {})) {
        expect(await run(home, path.join(home, "node_modules/.bin", command), "--help")).toContain(command);
      }

      // A first program may need what its page says to install beside it.
      const named = installLines(`${source}/README.md`);
      expect(named).toContain(name);
      if (named.length > 1) await install(home, named);
      await runExample(home, `${source}/README.md`);
      // The repository's own README begins with a memory.
      if (name === "storage") await runExample(home, "README.md");
    },
  );

  test("the command and all that comes with it, by npm", async () => {
    const home = emptyFolder("npm");
    await installWithNpm(home, "cli");
    const installed = path.join(home, "node_modules/@mnemosyne");
    expect(readdirSync(installed).toSorted()).toEqual(closureOf("cli"));
    // A second copy of a library would stand here: a sign of ranges that do not fit together.
    expect(existsSync(path.join(installed, "cli/node_modules"))).toBe(false);
    const command = path.join(home, "node_modules/.bin/mnemosyne");
    const settings = ["--db", path.join(home, "app.db"), "--json"];
    await run(home, command, "remember", "Port 8080 is taken.", ...settings);
    const found = await run(home, command, "recall", "which port is taken?", ...settings);
    expect(found).toContain("Port 8080 is taken.");
  });
});
