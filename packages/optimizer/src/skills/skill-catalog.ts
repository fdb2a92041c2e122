import { createHash } from "node:crypto";
import { readFile, readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { MnemosyneError, estimateTokenCount, type Skill, type SkillSource } from "@mnemosyne/core";
import { skillFilesOf, type SkillProblem, type SkillRoot } from "./discover.ts";
import { parseFrontmatter } from "./frontmatter.ts";

/** What a file of a catalog holds. */
interface Entry {
  /** Changes whenever the file does. */
  readonly signature: string;
  readonly skill?: Skill;
  readonly body?: string;
  readonly reason?: string;
}

/** Says whether a project's skill may instruct: all, those with these digests, or what a function decides. */
export type SkillTrust = "all" | "none" | readonly string[] | ((skill: Skill) => boolean | Promise<boolean>);

/** Options of {@link createSkillSource}. */
export interface SkillCatalogOptions {
  readonly roots: readonly SkillRoot[];
  /**
   * Which skills of projects are trusted. Others are listed with `trusted: false`, and a context shows them as information. The
   * user's own always are. A digest trusts these very bytes. Default `all`: whoever names the roots vouches for them.
   */
  readonly trust?: SkillTrust;
  /** Milliseconds for which folders are not looked through again. Default 1000. */
  readonly maxAge?: number;
  /** Hears of each file that cannot be used, at each look. */
  readonly onProblem?: (problem: SkillProblem) => void;
}

/** What changed since the last look, by name. */
export interface SkillChanges {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** Skills below folders, kept in memory: a file is read again only when it changed. */
export interface SkillCatalog extends SkillSource {
  /** Looks at once and says what changed, by the digests. */
  refresh(): Promise<SkillChanges>;
  resources(skill: Skill): Promise<readonly string[]>;
  readResource(skill: Skill, path: string): Promise<string>;
}

const LARGEST = 256 * 1024;
const RESOURCE_FOLDERS = ["scripts", "references", "assets"];
const MOST_RESOURCES = 50;

/** Finds skills below folders by the SKILL.md standard; see {@link discoverSkills} for its rules. */
export function createSkillSource(options: SkillCatalogOptions): SkillCatalog {
  return new Catalog(options);
}

/**
 * Finds skills by the SKILL.md standard, in the order of the roots and by path. A name that was already found hides
 * later ones, a project's one those of the user. What cannot be used is reported. Links that leave their root are
 * not followed; folders below 4 levels are not searched.
 */
export async function discoverSkills(
  roots: readonly SkillRoot[],
): Promise<{ readonly skills: readonly Skill[]; readonly problems: readonly SkillProblem[] }> {
  const problems: SkillProblem[] = [];
  const catalog = new Catalog({ roots, onProblem: (problem) => problems.push(problem) });
  return { skills: await catalog.list(), problems };
}

class Catalog implements SkillCatalog {
  readonly #options: SkillCatalogOptions;
  readonly #maxAge: number;
  #entries = new Map<string, Entry>();
  #skills: readonly Skill[] = [];
  #looked = -Infinity;
  #looking: Promise<void> | undefined;

  constructor(options: SkillCatalogOptions) {
    this.#options = options;
    this.#maxAge = options.maxAge ?? 1000;
  }

  async list(): Promise<readonly Skill[]> {
    if (performance.now() - this.#looked > this.#maxAge) await this.#look();
    return this.#skills;
  }

  async read(skill: Skill): Promise<string> {
    const entry = this.#entries.get(skill.path);
    if (entry?.body !== undefined && (skill.digest === undefined || entry.skill?.digest === skill.digest))
      return entry.body;
    throw new MnemosyneError(
      "E_NOT_FOUND",
      `'${skill.path}' is not the listed skill any more; list the skills again.`,
      { kind: "notFound", path: "skill" },
    );
  }

  async refresh(): Promise<SkillChanges> {
    const before = new Map(this.#skills.map((skill) => [skill.name, skill.digest]));
    await this.#look();
    const after = new Map(this.#skills.map((skill) => [skill.name, skill.digest]));
    return {
      added: [...after.keys()].filter((name) => !before.has(name)),
      changed: [...after].flatMap(([name, digest]) =>
        before.has(name) && before.get(name) !== digest ? [name] : [],
      ),
      removed: [...before.keys()].filter((name) => !after.has(name)),
    };
  }

  async resources({ path }: Skill): Promise<readonly string[]> {
    if (!this.#entries.has(path)) return [];
    const folder = dirname(path);
    const found = await Promise.all(
      RESOURCE_FOLDERS.map(async (name) =>
        (await entriesOf(join(folder, name)))
          .filter((entry) => entry.isFile())
          .map((entry) => `${name}/${entry.name}`)
          .toSorted(),
      ),
    );
    return found.flat().slice(0, MOST_RESOURCES);
  }

  async readResource(skill: Skill, path: string): Promise<string> {
    if ((await this.resources(skill)).includes(path))
      return readFile(join(dirname(skill.path), path), "utf8");
    throw new MnemosyneError("E_NOT_FOUND", `The skill '${skill.name}' has no file '${path}'.`, {
      kind: "notFound",
      path: "path",
    });
  }

  /** Calls at the same time share one look. */
  async #look(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = undefined;
    });
    await this.#looking;
  }

  async #lookOnce(): Promise<void> {
    const files = await skillFilesOf(this.#options.roots);
    const entries = new Map<string, Entry>();
    const named = new Map<string, Skill>();
    for (const { path, scope } of files) {
      const entry = await this.#entry(path, scope);
      if (entry === undefined || entries.has(path)) continue;
      entries.set(path, entry);
      const { skill, reason } = entry;
      const hiding = skill === undefined ? undefined : named.get(skill.name);
      if (skill === undefined) this.#options.onProblem?.({ path, reason: reason ?? "unusable" });
      else if (hiding !== undefined)
        this.#options.onProblem?.({ path, reason: `hidden by '${hiding.path}' of the same name` });
      else named.set(skill.name, skill);
    }
    this.#entries = entries;
    this.#skills = await Promise.all(
      Array.from(named.values(), async (skill) => ({ ...skill, trusted: await this.#trusts(skill) })),
    );
    this.#looked = performance.now();
  }

  async #entry(path: string, scope: Skill["scope"]): Promise<Entry | undefined> {
    const found = await statOf(path);
    if (found === undefined) return undefined;
    const signature = `${found.mtimeNs}:${found.ctimeNs}:${found.size}:${found.ino}`;
    const known = this.#entries.get(path);
    if (known?.signature === signature) return known;
    if (found.size > LARGEST) return { signature, reason: `larger than ${LARGEST} bytes` };
    return { signature, ...parseSkill(await readFile(path, "utf8"), path, scope) };
  }

  async #trusts(skill: Skill): Promise<boolean> {
    const { trust = "all" } = this.#options;
    if (skill.scope === "user" || trust === "all") return true;
    if (typeof trust === "function") return trust(skill);
    return trust !== "none" && trust.includes(skill.digest ?? "");
  }
}

function parseSkill(text: string, path: string, scope: Skill["scope"]): Omit<Entry, "signature"> {
  const parsed = parseFrontmatter(text);
  if (parsed === undefined) return { reason: "no head between --- lines" };
  const { name, description } = parsed.fields;
  if (typeof description !== "string" || description.trim() === "") return { reason: "no description" };
  if (String(parsed.fields["disable-model-invocation"]) === "true")
    return { reason: "kept for people by disable-model-invocation" };
  const body = parsed.body.trim();
  const legal = typeof name === "string" && /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name) && name.length <= 64;
  return {
    body,
    skill: {
      name: legal ? name : basename(dirname(path)),
      description: description.trim().slice(0, 1024),
      path,
      scope,
      digest: createHash("sha256").update(text).digest("hex"),
      tokens: estimateTokenCount(body).high,
    },
  };
}

async function statOf(path: string) {
  try {
    return await stat(path, { bigint: true });
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
