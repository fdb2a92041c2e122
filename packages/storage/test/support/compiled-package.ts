import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGES = fileURLToPath(new URL("../../..", import.meta.url));

let compiled: string | undefined;

/**
 * A folder whose programs find `@mnemosyne/storage` and `libsql`: this package and core as plain JavaScript, so that
 * processes of their own can run them on every supported Node. Compiled once a test run, removed at its end.
 */
export function compiledPackage(): string {
  if (compiled !== undefined) return compiled;
  const folder = mkdtempSync(path.join(tmpdir(), "mnemosyne-storage-package-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  for (const name of ["core", "storage"]) {
    const target = path.join(folder, "node_modules/@mnemosyne", name);
    mkdirSync(target, { recursive: true });
    copyFileSync(path.join(PACKAGES, name, "package.json"), path.join(target, "package.json"));
    // Types are checked elsewhere, and core's declarations may not be built.
    const flags = [
      "--noCheck",
      "--noEmitOnError",
      "false",
      "--declaration",
      "false",
      "--declarationMap",
      "false",
    ];
    const compiler = path.join(PACKAGES, "../node_modules/typescript/bin/tsc");
    const project = path.join(PACKAGES, name, "tsconfig.build.json");
    execFileSync(process.execPath, [
      compiler,
      "-p",
      project,
      "--outDir",
      path.join(target, "dist"),
      ...flags,
    ]);
  }
  const { dependencies } = JSON.parse(readFileSync(path.join(PACKAGES, "storage/package.json"), "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  for (const name of Object.keys(dependencies).filter((name) => !name.startsWith("@mnemosyne/"))) {
    const link = path.join(folder, "node_modules", name);
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(realpathSync(path.join(PACKAGES, "storage/node_modules", name)), link);
  }
  compiled = folder;
  return folder;
}
