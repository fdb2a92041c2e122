import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  Optimizer,
  createSkillSource,
  discoverSkills,
  projectSkillRoots,
  rankSkills,
  scoreSkill,
  selectSkills,
} from "@mnemosyne/optimizer";
import type { Skill } from "@mnemosyne/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { request } from "./fixtures.ts";
import { parseText } from "./parse-text.ts";

const skill = (name: string, description: string, scope: Skill["scope"] = "user"): Skill => ({
  name,
  description,
  path: `/skills/${name}/SKILL.md`,
  scope,
});

const CATALOG = [
  skill(
    "pdf-forms",
    "Fill in, merge and extract text from PDF forms. Use when a task mentions PDF files or forms.",
  ),
  skill(
    "database-migrations",
    "Write and run SQL schema migrations safely. Use when tables, columns or indexes change.",
  ),
  skill("test-repair", "Find why a unit test fails and repair the code. Use when vitest or jest tests fail."),
  skill("release-notes", "Write a changelog and release notes from git commits since the last tag."),
  skill("accessibility", "Check web pages for WCAG problems: contrast, labels, keyboard focus."),
  skill("docker-images", "Build small container images with multi-stage Dockerfiles."),
  skill("api-design", "Design REST endpoints, pagination, error responses and versioning."),
];

describe("skill relevance", () => {
  it.each([
    ["Make the failing unit test pass without editing it.", "test-repair"],
    ["Add an index and a column to the users table, with a migration.", "database-migrations"],
    ["Extract the text of the PDF form in docs/form.pdf", "pdf-forms"],
    ["Write the release notes for 2.0 from the git commits", "release-notes"],
    ["The login page has contrast problems and no keyboard focus", "accessibility"],
    ["Shrink the container image with a multi-stage build", "docker-images"],
    ["Give the REST endpoints pagination", "api-design"],
  ])("finds the skill for '%s'", (task, name) => {
    expect(selectSkills(task, CATALOG).map((each) => each.skill.name)).toEqual([name]);
  });

  it.each([
    "Say hello to the world",
    "Rename the function parseDate to readDate",
    "Use the new code to help the project run",
    "Translate the comments of this module into French",
  ])("loads nothing for '%s'", (task) => {
    expect(selectSkills(task, CATALOG)).toEqual([]);
  });

  it("is the same whatever order skills come in, stays within 0 and 1, and explains itself", () => {
    const task = "Repair the failing vitest tests and write release notes";
    const ranked = rankSkills(task, CATALOG);
    expect(rankSkills(task, CATALOG.toReversed())).toEqual(ranked);
    for (const { score } of ranked) {
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1);
    }
    expect(ranked[0]?.matches.map(({ term }) => term)).toEqual(["test", "repair", "fail", "vitest"]);
  });

  it("gives a project's own skill a tenth more, and a named one everything", () => {
    const mine = skill("deploy", "Ship builds to the staging cluster.", "project");
    const theirs = { ...mine, scope: "user" as const };
    const task = "Ship this to staging";
    expect(scoreSkill(task, mine).score).toBeCloseTo(scoreSkill(task, theirs).score * 1.1, 10);
    expect(scoreSkill("Follow test-repair here", skill("test-repair", "x")).score).toBe(1);
    expect(scoreSkill("Follow my-test-repair-x here", skill("test-repair", "x")).score).toBeLessThan(1);
  });

  it("loads at most seven", () => {
    const tools = "vite rollup webpack esbuild parcel snowpack turbopack rspack swc babel gulp grunt".split(
      " ",
    );
    const many = tools.map((tool) => skill(tool, `Configures ${tool}.`));
    expect(selectSkills(`Compare ${tools.join(", ")}`, many)).toHaveLength(7);
  });
});

describe("skill discovery", () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "mnemosyne-skills-"));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  };
  it("finds project skills in both folders, nested ones too, and reports what it cannot use", async () => {
    await write(".claude/skills/one/SKILL.md", head("one", "First skill"));
    await write(".agents/skills/group/two/SKILL.md", head("two", "Second skill"));
    await write(".claude/skills/bare/SKILL.md", "no head at all");
    await write(".claude/skills/silent/SKILL.md", "---\nname: silent\n---\nbody");
    await write(
      ".claude/skills/hidden/SKILL.md",
      head("hidden", "For people", "disable-model-invocation: true\n"),
    );
    await write(".agents/skills/one/SKILL.md", head("one", "A later skill of the same name"));
    await write(".claude/skills/node_modules/x/SKILL.md", head("x", "Not ours"));
    await write(".claude/skills/BadName/SKILL.md", head("Bad Name!", "Has its folder's name"));
    await write(".claude/skills/colon/SKILL.md", head("colon", "Use when: something has a colon: here"));
    const { skills, problems } = await discoverSkills(projectSkillRoots(root));
    expect(skills.map(({ name, description }) => [name, description])).toEqual([
      ["BadName", "Has its folder's name"],
      ["colon", "Use when: something has a colon: here"],
      ["one", "First skill"],
      ["two", "Second skill"],
    ]);
    expect(problems.map(({ reason }) => reason.replace(root, "")).toSorted()).toEqual([
      expect.stringContaining("hidden by"),
      "kept for people by disable-model-invocation",
      "no description",
      "no head between --- lines",
    ]);
  });

  it("does not follow links out of the folder, and is quiet about folders that do not exist", async () => {
    await write("outside/secret/SKILL.md", head("secret", "Not a skill of this folder"));
    await write("project/.claude/skills/own/SKILL.md", head("own", "Own skill"));
    await symlink(join(root, "outside/secret"), join(root, "project/.claude/skills/link"));
    await symlink(join(root, "outside/secret/SKILL.md"), join(root, "project/.claude/skills/SKILL.md"));
    const { skills } = await discoverSkills(projectSkillRoots(join(root, "project")));
    expect(skills.map(({ name }) => name)).toEqual(["own"]);
    await symlink(join(root, "project/.claude/skills/own"), join(root, "project/.claude/skills/alias"));
    expect((await discoverSkills(projectSkillRoots(join(root, "project")))).skills).toHaveLength(1);
    expect(await discoverSkills(projectSkillRoots(join(root, "nowhere")))).toEqual({
      skills: [],
      problems: [],
    });
  });

  it("lets a project's skill hide a user's of the same name", async () => {
    await write("user/test-repair/SKILL.md", head("test-repair", "The user's"));
    await write("project/test-repair/SKILL.md", head("test-repair", "The project's"));
    const { skills } = await discoverSkills([
      { path: join(root, "user"), scope: "user" },
      { path: join(root, "project"), scope: "project" },
    ]);
    expect(skills).toMatchObject([{ description: "The project's", scope: "project" }]);
  });

  it("puts the skills that fit into the context, and says why the others are not there", async () => {
    await write(
      ".claude/skills/test-repair/SKILL.md",
      head("test-repair", "Repair failing unit tests in vitest"),
    );
    await write(".claude/skills/gardening/SKILL.md", head("gardening", "Water plants and prune roses"));
    const skills = createSkillSource({ roots: projectSkillRoots(root) });
    const payload = await new Optimizer({ skills }).buildContext(request());
    const block = parseText(payload.text).blocks.find(({ kind }) => kind === "skill");
    expect(block?.text).toBe("# test-repair\n\nDo test-repair well.");
    expect(block?.attributes).toMatch(
      /id="skill:test-repair" scope="project" relevance="\d\.\d\d" because="[a-z ]+"/,
    );
    expect(payload.dropped).toMatchObject([
      { id: "skill:gardening", reason: "relevance 0.00 is below 0.60" },
    ]);
    expect((await new Optimizer({ skills: false }).buildContext(request())).text).not.toContain("skill");
  });
});

const head = (name: string, description: string, more = ""): string =>
  `---\nname: ${name}\ndescription: ${description}\n${more}---\n\n# ${name}\n\nDo ${name} well.\n`;
