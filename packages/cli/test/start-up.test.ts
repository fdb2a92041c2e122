import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const BIN = fileURLToPath(new URL("../bin/mnemosyne.js", import.meta.url));
const NOTICES = fileURLToPath(new URL("../dist/command/NOTICES.txt", import.meta.url));

/** Says which modules are loaded, on stderr. */
const TOLD = `data:text/javascript,${encodeURIComponent(`
  import { register } from "node:module";
  register("data:text/javascript," + encodeURIComponent(
    "export async function load(url, context, next) { process._rawDebug('loaded ' + url); return next(url, context); }"));
`)}`;

async function loadedBy(...args: readonly string[]): Promise<readonly string[]> {
  const { stderr } = await promisify(execFile)(process.execPath, ["--import", TOLD, BIN, ...args]);
  return [...stderr.matchAll(/^loaded (file:.*)$/gm)].map(([, url = ""]) => url);
}

test("a call loads few files, and none that its verb does not need", async () => {
  const help = await loadedBy("--help");
  expect(help.length).toBeLessThan(20);
  expect(help.filter((url) => !url.includes("/packages/cli/"))).toEqual([]);

  const completion = await loadedBy("completion", "bash");
  expect(completion.filter((url) => !help.includes(url))).toHaveLength(1);
});

test("the libraries that are in the command's files are named with their licences", async () => {
  const notices = await readFile(NOTICES, "utf8");
  for (const library of ["commander", "drizzle-orm", "yaml", "zod"])
    expect(notices).toMatch(new RegExp(`^${library} \\d+\\.\\d+\\.\\d+\\n\\n.*licen[sc]e`, "ims"));
});
