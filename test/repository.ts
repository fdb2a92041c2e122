import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root folder. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/** Scope of all packages. */
export const SCOPE = "@mnemosyne/";

/** What the checks read of a `package.json`. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly license?: string;
  readonly type?: string;
  readonly files?: readonly string[];
  readonly bin?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly engines?: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** A package of `packages/`. */
export interface Package {
  /** Without the scope. */
  readonly name: string;
  /** Relative to the root. */
  readonly folder: string;
  readonly manifest: Manifest;
}

/** Text of a file, by its path from the root. */
export function readText(file: string): string {
  return readFileSync(path.join(root, file), "utf8");
}

/** Whether there is a file or folder of this path from the root. */
export function exists(file: string): boolean {
  return existsSync(path.join(root, file));
}

/** Every package, by name. */
export const packages: readonly Package[] = readdirSync(path.join(root, "packages"))
  .toSorted()
  .map((name) => {
    const folder = `packages/${name}`;
    return { name, folder, manifest: JSON.parse(readText(`${folder}/package.json`)) as Manifest };
  });

/** Names of everything that is installed with a package. */
export function runtimeDependencies(manifest: Manifest): readonly string[] {
  const { dependencies = {}, peerDependencies = {}, optionalDependencies = {} } = manifest;
  return [...new Set([dependencies, peerDependencies, optionalDependencies].flatMap(Object.keys))];
}

/** Packages of this repository that are installed with it; without the scope. */
export function internalDependencies(manifest: Manifest): readonly string[] {
  return runtimeDependencies(manifest)
    .filter((name) => name.startsWith(SCOPE))
    .map((name) => name.slice(SCOPE.length));
}

const NOT_OURS = new Set(["node_modules", "dist", "coverage", ".git", ".turbo", ".mnemosyne"]);

/** Files below a folder, as paths from the root, in order; without what was installed or built. */
export function filesIn(folder: string): readonly string[] {
  if (!exists(folder)) return [];
  return readdirSync(path.join(root, folder), { withFileTypes: true })
    .filter((entry) => !NOT_OURS.has(entry.name))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const file = path.posix.join(folder, entry.name);
      return entry.isDirectory() ? filesIn(file) : [file];
    });
}

/** TypeScript files of a package's published sources. */
export function sourcesOf({ folder }: Package): readonly string[] {
  return filesIn(`${folder}/src`).filter((file) => file.endsWith(".ts"));
}
