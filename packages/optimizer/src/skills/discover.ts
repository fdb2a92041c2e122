import { readdir, realpath } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import type { Skill } from "@mnemosyne/core";

/** A folder in which skills are looked for. */
export interface SkillRoot {
  readonly path: string;
  readonly scope: Skill["scope"];
}

/** A SKILL.md that cannot be used, and why. */
export interface SkillProblem {
  readonly path: string;
  readonly reason: string;
}

const PROJECT_FOLDERS = [".claude/skills", ".agents/skills"];
const DEPTH = 4;
const MOST_FOLDERS = 2000;
const SKIPPED = new Set([".git", "node_modules"]);

/** Where a project keeps its skills: `.claude/skills` and `.agents/skills`. */
export function projectSkillRoots(project: string): readonly SkillRoot[] {
  return PROJECT_FOLDERS.map((folder) => ({ path: join(project, folder), scope: "project" }));
}

/**
 * Where skills are looked for, nearest first: `.agents/skills` and `.claude/skills` of the folders that hold the given files (a
 * package's own skills), of the project, of the folders above it up to its git root, and of the user's home.
 */
export async function skillRoots(options: {
  readonly project: string;
  /** The user's home. Default: none is looked at. */
  readonly home?: string;
  /** Files of the project that the work is about, relative to it. */
  readonly files?: readonly string[];
}): Promise<readonly SkillRoot[]> {
  const project = resolve(options.project);
  const nested = new Set<string>();
  for (const file of options.files ?? []) {
    const below = resolve(project, file);
    if (!below.startsWith(`${project}${sep}`)) continue;
    for (let folder = dirname(below); folder !== project; folder = dirname(folder)) nested.add(folder);
  }
  const folders = [...[...nested].toSorted((a, b) => b.length - a.length || (a < b ? -1 : 1)), project];
  if ((await real(join(project, ".git"))) === undefined)
    for (
      let folder = dirname(project), before = project;
      folder !== before;
      before = folder, folder = dirname(folder)
    ) {
      if ((await real(join(folder, ".git"))) === undefined) continue;
      for (let above = dirname(project); above !== dirname(folder); above = dirname(above))
        folders.push(above);
      break;
    }
  const roots = folders.flatMap((folder) => projectSkillRoots(folder));
  if (options.home === undefined) return roots;
  const home = options.home;
  return [
    ...roots.filter(({ path }) => !PROJECT_FOLDERS.some((folder) => path === join(home, folder))),
    ...PROJECT_FOLDERS.map((folder): SkillRoot => ({ path: join(home, folder), scope: "user" })),
  ];
}

/** Every SKILL.md below the roots, those of projects first, in the order of the roots and by path. */
export async function skillFilesOf(
  roots: readonly SkillRoot[],
): Promise<readonly { readonly path: string; readonly scope: Skill["scope"] }[]> {
  const ordered = roots.toSorted((a, b) => Number(a.scope === "user") - Number(b.scope === "user"));
  const found = await Promise.all(
    ordered.map(async ({ path, scope }) => (await skillFiles(path)).map((file) => ({ path: file, scope }))),
  );
  return found.flat();
}

async function skillFiles(root: string): Promise<readonly string[]> {
  const base = await real(root);
  if (base === undefined) return [];
  const files: string[] = [];
  const open: { readonly path: string; readonly depth: number }[] = [{ path: base, depth: 0 }];
  let visited = 0;
  for (let next = open.shift(); next !== undefined && visited < MOST_FOLDERS; next = open.shift()) {
    visited++;
    const entries = await readdir(next.path, { withFileTypes: true });
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(next.path, entry.name);
      if (SKIPPED.has(entry.name)) continue;
      const target = entry.isSymbolicLink() ? await real(path) : path;
      if (target === undefined || !`${target}${sep}`.startsWith(`${base}${sep}`)) continue;
      if (entry.name === "SKILL.md") files.push(path);
      else if (entry.isDirectory() && next.depth < DEPTH) open.push({ path, depth: next.depth + 1 });
    }
  }
  return files;
}

async function real(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR"))
      return undefined;
    throw error;
  }
}
