import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const BIN = fileURLToPath(new URL("../bin/mnemosyne.js", import.meta.url));

/** Says which modules are loaded, on stderr. */
const TOLD = `data:text/javascript,${encodeURIComponent(`
  import { register } from "node:module";
  register("data:text/javascript," + encodeURIComponent(
    "export async function load(url, context, next) { process._rawDebug('loaded ' + url); return next(url, context); }"));
`)}`;

test("a call loads what its verb needs, and nothing else of this repository", async () => {
  const { stderr } = await promisify(execFile)(process.execPath, ["--import", TOLD, BIN, "--help"]);
  const packages = [...stderr.matchAll(/^loaded .*\/packages\/([a-z-]+)\/dist\//gm)].map(
    ([, name = ""]) => name,
  );
  expect([...new Set(packages)].toSorted()).toEqual(["cli", "core"]);
});
