import { spawn } from "node:child_process";
import { cp, mkdir, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const CONFIG = `export default {
  ssr: { resolve: { conditions: ["@mnemosyne/source", "module", "node", "development|production"] } },
  test: { include: ["test/**/*.test.ts"], isolate: false, pool: "threads", maxWorkers: 1, testTimeout: 20000 },
};
`;

/** Runs every test of a package and stops at the first that fails. */
export const TEST_COMMAND = "node node_modules/vitest/vitest.mjs run --bail 1 --configLoader runner";

/** A package of this repository as a project of its own, whose tests run there. */
export async function copyPackage(name, to) {
  const from = path.join(ROOT, "packages", name);
  await mkdir(path.join(to, "node_modules"), { recursive: true });
  for (const part of ["src", "test", "package.json", "README.md"])
    await cp(path.join(from, part), path.join(to, part), { recursive: true });
  await writeFile(path.join(to, "vitest.config.mjs"), CONFIG);
  const manifest = JSON.parse(await readFile(path.join(from, "package.json"), "utf8"));
  const needed = { ...manifest.dependencies, ...manifest.devDependencies };
  for (const dependency of [...Object.keys(needed), "vitest", "fast-check"]) {
    const place = path.join(to, "node_modules", dependency);
    await mkdir(path.dirname(place), { recursive: true });
    const own = path.join(from, "node_modules", dependency);
    const shared = path.join(ROOT, "node_modules", dependency);
    await symlink(needed[dependency] === undefined ? shared : own, place);
  }
}

/** Source files of a package, relative to it. */
export async function sourcesOf(name, pattern = /\.ts$/) {
  const folder = path.join(ROOT, "packages", name, "src");
  const files = await readdir(folder, { recursive: true });
  return files
    .filter((file) => pattern.test(file))
    .map((file) => `src/${file}`)
    .toSorted();
}

/** Whether all tests pass, by the runner's own exit code: no gate and no sandbox is asked. */
export async function testsPass(folder, timeout) {
  return await new Promise((resolve, reject) => {
    const [program, ...args] = TEST_COMMAND.split(" ");
    const child = spawn(program, args, {
      cwd: folder,
      stdio: "ignore",
      env: { ...process.env, CI: "1" },
      timeout,
    });
    child.on("error", reject);
    child.on("close", (code) => resolve(code === 0));
  });
}

/** Removes a folder and all in it. */
export async function removeFolder(folder) {
  await rm(folder, { recursive: true, force: true });
}
