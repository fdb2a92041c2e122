import { readFile, readdir, realpath } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import { MnemosyneError, type Skill, type SkillSource } from "@mnemosyne/core";
import { parseFrontmatter } from "./frontmatter.ts";

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
const LARGEST = 256 * 1024;
const SKIPPED = new Set([".git", "node_modules"]);

/** Where a project keeps its skills: `.claude/skills` and `.agents/skills`. */
export function projectSkillRoots(project: string): readonly SkillRoot[] {
  return PROJECT_FOLDERS.map((folder) => ({ path: join(project, folder), scope: "project" }));
}

/**
 * Finds skills by the SKILL.md standard, in the order of the roots and by path. A name that was already found hides
 * later ones, a project's one those of the user. What cannot be used is reported. Links that leave their root are
 * not followed; folders below 4 levels are not searched.
 */
export async function discoverSkills(
  roots: readonly SkillRoot[],
): Promise<{ readonly skills: readonly Skill[]; readonly problems: readonly SkillProblem[] }> {
  const found = new Map<string, Skill>();
  const problems: SkillProblem[] = [];
  for (const root of roots.toSorted((a, b) => Number(a.scope === "user") - Number(b.scope === "user"))) {
    for (const path of await skillFiles(root.path)) {
      const read = await readSkill(path, root.scope);
      if ("reason" in read) problems.push({ path, reason: read.reason });
      else if (!found.has(read.name)) found.set(read.name, read);
      else problems.push({ path, reason: `hidden by '${found.get(read.name)?.path}' of the same name` });
    }
  }
  return { skills: [...found.values()], problems };
}

/** Skills below folders, as a port. `onProblem` hears of each that cannot be used. */
export function createSkillSource(options: {
  readonly roots: readonly SkillRoot[];
  readonly onProblem?: (problem: SkillProblem) => void;
}): SkillSource {
  return {
    async list() {
      const { skills, problems } = await discoverSkills(options.roots);
      for (const problem of problems) options.onProblem?.(problem);
      return skills;
    },
    async read(skill) {
      const parsed = parseFrontmatter(await readFile(skill.path, "utf8"));
      if (parsed !== undefined) return parsed.body.trim();
      throw new MnemosyneError("E_NOT_FOUND", `'${skill.path}' is no skill any more; it has lost its head.`, {
        kind: "notFound",
        path: "skill",
      });
    },
  };
}

async function readSkill(path: string, scope: Skill["scope"]): Promise<Skill | { readonly reason: string }> {
  const text = await readFile(path, "utf8");
  if (text.length > LARGEST) return { reason: `larger than ${LARGEST} characters` };
  const parsed = parseFrontmatter(text);
  if (parsed === undefined) return { reason: "no head between --- lines" };
  const { name, description } = parsed.fields;
  if (typeof description !== "string" || description.trim() === "") return { reason: "no description" };
  if (String(parsed.fields["disable-model-invocation"]) === "true")
    return { reason: "kept for people by disable-model-invocation" };
  const folder = basename(dirname(path));
  return {
    name:
      typeof name === "string" && /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name) && name.length <= 64
        ? name
        : folder,
    description: description.trim().slice(0, 1024),
    path,
    scope,
  };
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
