import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, realpathSync, symlinkSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGES = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Compiles this package and core into a folder, so that a process of its own can import them: it runs plain JavaScript
 * on every supported Node. Programs written into that folder find `@mnemosyne/workspace`.
 */
export function compilePackage(folder: string): void {
  const tsc = path.join(PACKAGES, "../node_modules/typescript/bin/tsc");
  for (const name of ["core", "workspace"]) {
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
    const project = path.join(PACKAGES, name, "tsconfig.build.json");
    execFileSync(process.execPath, [tsc, "-p", project, "--outDir", path.join(target, "dist"), ...flags]);
  }
  const { dependencies } = JSON.parse(
    readFileSync(path.join(PACKAGES, "workspace/package.json"), "utf8"),
  ) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  for (const name of Object.keys(dependencies).filter((name) => !name.startsWith("@mnemosyne/"))) {
    symlinkSync(
      realpathSync(path.join(PACKAGES, "workspace/node_modules", name)),
      path.join(folder, "node_modules", name),
    );
  }
}
