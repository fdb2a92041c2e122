import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { readGit } from "@mnemosyne/workspace";
import { newFolder } from "./random-folder.ts";

const home = newFolder("git");
afterAll(() => rmSync(home, { recursive: true, force: true }));

function git(cwd: string, ...args: readonly string[]): string {
  const env = { PATH: process.env["PATH"], HOME: home, GIT_CONFIG_NOSYSTEM: "1" };
  const names = ["-c", "user.name=n", "-c", "user.email=e@x", "-c", "init.defaultBranch=main"];
  return execFileSync("git", [...names, ...args], { cwd, env, encoding: "utf8" }).trim();
}

function repository(name: string): string {
  const root = path.join(home, name);
  mkdirSync(root);
  git(root, "init", "-q");
  return root;
}

test("commit, branch and whether anything differs; .mnemosyne does not count", async () => {
  const root = repository("plain");
  expect(await readGit(root)).toEqual({ branch: "main", dirty: false });
  writeFileSync(path.join(root, "a.txt"), "1\n");
  git(root, "add", ".");
  git(root, "commit", "-qm", "first");
  const commit = git(root, "rev-parse", "HEAD");
  mkdirSync(path.join(root, ".mnemosyne"));
  writeFileSync(path.join(root, ".mnemosyne/mnemosyne.db"), "");
  expect(await readGit(root)).toEqual({ commit, branch: "main", dirty: false });
  writeFileSync(path.join(root, "a.txt"), "2\n");
  expect(await readGit(root)).toEqual({ commit, branch: "main", dirty: true });
  git(root, "checkout", "-q", "--", "a.txt");
  writeFileSync(path.join(root, "new.txt"), "");
  expect(await readGit(root)).toMatchObject({ dirty: true });
  rmSync(path.join(root, "new.txt"));
  git(root, "checkout", "-q", "--detach");
  expect(await readGit(root)).toEqual({ commit, dirty: false });
});

test("where there is no repository, there is nothing to say", async () => {
  const bare = path.join(home, "none");
  mkdirSync(bare);
  writeFileSync(path.join(bare, ".git"), "nonsense");
  expect(await readGit(bare)).toBeUndefined();
  expect(await readGit(path.join(home, "missing"))).toBeUndefined();
});

test("nothing of the repository runs and nothing in it is written, whatever its configuration says", async () => {
  const root = repository("hostile");
  const trap = path.join(root, ".git/trap.sh");
  const sprung = path.join(root, "sprung");
  writeFileSync(path.join(root, "a.txt"), "1\n");
  git(root, "add", ".");
  git(root, "commit", "-qm", "first");
  writeFileSync(trap, `#!/bin/sh\ntouch ${sprung}\ncat\n`);
  chmodSync(trap, 0o755);
  mkdirSync(path.join(root, ".git/info"), { recursive: true });
  writeFileSync(path.join(root, ".git/info/attributes"), "*.txt filter=ev.il=x diff=evil\n");
  const settings = {
    "core.fsmonitor": trap,
    "core.hooksPath": path.join(root, ".git"),
    "diff.external": trap,
    "diff.evil.textconv": trap,
    "filter.ev.il=x.clean": trap,
    "filter.ev.il=x.smudge": trap,
    "filter.ev.il=x.process": trap,
    "filter.ev.il=x.required": "true",
    "core.pager": trap,
    "core.editor": trap,
    "core.sshCommand": trap,
  };
  const config = path.join(root, ".git/config");
  for (const [key, value] of Object.entries(settings)) {
    const [section = "", ...rest] = key.split(".");
    const name = rest.pop() ?? "";
    const sub = rest.length === 0 ? "" : ` "${rest.join(".")}"`;
    writeFileSync(config, `${readFileSync(config, "utf8")}[${section}${sub}]\n\t${name} = ${value}\n`);
  }
  for (const hook of ["post-index-change", "fsmonitor-watchman", "reference-transaction"]) {
    writeFileSync(path.join(root, ".git/hooks", hook), readFileSync(trap));
    chmodSync(path.join(root, ".git/hooks", hook), 0o755);
  }
  utimesSync(path.join(root, "a.txt"), 1_000_000_000, 1_000_000_000);
  const index = statSync(path.join(root, ".git/index"), { bigint: true });
  expect(await readGit(root)).toMatchObject({ branch: "main", dirty: false });
  expect(existsSync(sprung)).toBe(false);
  expect(statSync(path.join(root, ".git/index"), { bigint: true }).mtimeNs).toBe(index.mtimeNs);
});
