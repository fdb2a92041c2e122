import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const packages = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * Compiles this package, and the one it stands on, from source into a folder from which plain Node can import
 * `@mnemosyne/plan`. Needs no earlier build.
 */
export function buildInto(folder: string): void {
  const modules = join(folder, "node_modules");
  for (const name of ["core", "plan"]) {
    const place = join(modules, "@mnemosyne", name);
    mkdirSync(place, { recursive: true });
    compile(name, place);
    const manifest = { name: `@mnemosyne/${name}`, type: "module", exports: "./index.js" };
    writeFileSync(join(place, "package.json"), JSON.stringify(manifest));
  }
  for (const name of ["zod", "yaml", "jiti"])
    symlinkSync(join(packages, "plan", "node_modules", name), join(modules, name));
}

function compile(name: string, place: string): void {
  const compiler = join(packages, "..", "node_modules", "typescript", "bin", "tsc");
  const options = {
    project: join(packages, name, "tsconfig.build.json"),
    customConditions: "@mnemosyne/source",
    outDir: place,
    declaration: "false",
    declarationMap: "false",
    sourceMap: "false",
  };
  const flags = Object.entries(options).flatMap(([option, value]) => [`--${option}`, value]);
  execFileSync(process.execPath, [compiler, ...flags], { stdio: "pipe" });
}
