// Puts the command into few files, so that a call of it does not open hundreds: `dist/command/`, with the notices of
// the libraries that are in it. What programs import (`dist/index.js`) stays as it is.
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const folder = fileURLToPath(new URL(".", import.meta.url));
const target = path.join(folder, "dist", "command");

/** Read from their own folders: a native driver, a loader that loads its own parts, files beside the code, an SDK. */
const apart = [
  "libsql",
  "jiti",
  "@anthropic-ai/sdk",
  "@mnemosyne/dashboard",
  "@mnemosyne/embeddings",
  "@mnemosyne/testkit",
];

/** The folder of the package that a module belongs to. */
function packageOf(module) {
  const [, found] = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(module.replaceAll("\\", "/")) ?? [];
  return found;
}

function noticeOf(library) {
  const { name, version, license } = JSON.parse(readFileSync(path.join(library, "package.json"), "utf8"));
  const file = readdirSync(library).find((entry) => /^(licen[sc]e|copying)/i.test(entry));
  const text =
    file === undefined ? `License: ${license}` : readFileSync(path.join(library, file), "utf8").trim();
  return `${name} ${version}\n\n${text}\n`;
}

const bundle = await rolldown({
  input: path.join(folder, "dist", "main.js"),
  platform: "node",
  external: (id) => apart.some((name) => id === name || id.startsWith(`${name}/`)),
});
const { output } = await bundle.write({ dir: target, format: "esm", cleanDir: true });
await bundle.close();

const modules = output.flatMap((part) => (part.type === "chunk" ? part.moduleIds : []));
const libraries = new Set(modules.map(packageOf).filter((library) => library && existsSync(library)));
const notices = [...libraries].map(noticeOf).toSorted();
writeFileSync(path.join(target, "NOTICES.txt"), notices.join(`\n${"-".repeat(80)}\n\n`));
