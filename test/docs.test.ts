import path from "node:path";
import { expect, test } from "vitest";
import { packageTable } from "../tooling/package-table.mjs";
import { anchorsOf, codeBlocks, linksOf, pages, type Link } from "./markdown.ts";
import { exists, packages, readText } from "./repository.ts";

function faultOf(page: string, { target }: Link): string | undefined {
  if (/^[a-z]+:/.test(target)) return /^(?:https|mailto):/.test(target) ? undefined : "uses an odd protocol";
  const [file = "", anchor] = target.split("#");
  const linked = file === "" ? page : path.posix.join(path.posix.dirname(page), decodeURI(file));
  if (!exists(linked)) return "does not exist";
  if (anchor === undefined) return undefined;
  if (linked.endsWith(".md")) return anchorsOf(linked).has(anchor) ? undefined : "has no such heading";
  const [, line] = /^L(\d+)$/.exec(anchor) ?? [];
  if (line === undefined) return "needs a line as its anchor";
  return Number(line) <= readText(linked).split("\n").length ? undefined : "has fewer lines";
}

test("there are pages, with links", () => {
  expect(pages).toEqual(
    expect.arrayContaining(["README.md", "CONTRIBUTING.md", "AGENTS.md", "docs/walkthrough.md"]),
  );
  expect(pages.flatMap(linksOf).length).toBeGreaterThan(50);
});

test.each(pages)("every link of %s leads somewhere", (page) => {
  const faults = linksOf(page).flatMap((link) => {
    const fault = faultOf(page, link);
    return fault === undefined ? [] : [`${page}:${link.line} ${link.target} ${fault}`];
  });
  expect(faults).toEqual([]);
});

/** Whether a source file declares a name: as a function, class, type, value or member. */
function declares(source: string, name: string): boolean {
  const escaped = name.replaceAll("$", String.raw`\$`);
  return new RegExp(
    String.raw`\b(?:function\*?|class|const|interface|type)\s+${escaped}\b|^\s+(?:readonly |static |async |get |\*)*#?${escaped}\??\s*[(<:]`,
    "m",
  ).test(source);
}

test("every name in the walkthrough is declared in the file that it links to", () => {
  const named = linksOf("docs/walkthrough.md").flatMap(({ text, target }) => {
    const [, name] = /^`([\w$.]+)`$/.exec(text) ?? [];
    return name === undefined || !/\.ts(?:#|$)/.test(target)
      ? []
      : [{ name: name.split(".").at(-1) ?? name, target }];
  });
  expect(named.length).toBeGreaterThan(20);
  const lost = named.filter(({ name, target }) => {
    const file = path.posix.join("docs", target.split("#")[0] ?? "");
    return !declares(readText(file), name);
  });
  expect(lost).toEqual([]);
});

test.each(packages.map(({ name, folder }) => [name, `${folder}/README.md`] as const))(
  "%s has a README that says how to install it and begins with a program",
  (name, page) => {
    expect(exists(page)).toBe(true);
    const text = readText(page);
    expect(text.split("\n")[0]).toBe(`# @mnemosyne/${name}`);
    const [, installed = ""] = /^npm install (.+)$/m.exec(text) ?? [];
    expect(installed.split(" ")).toContain(`@mnemosyne/${name}`);
    const example = codeBlocks(page).find(({ language }) => language === "ts");
    expect(example?.code).toMatch(/from "@mnemosyne\//);
  },
);

test("what is looked for in pages is found", () => {
  expect(declares("export class A {\n  async #keep(x: number): void {}\n}", "keep")).toBe(true);
  expect(declares("export function f(): void {}", "f")).toBe(true);
  expect(declares("call(f, g);", "g")).toBe(false);
  expect([...anchorsOf("packages/coordinator/README.md")]).toContain("across-processes");
});

test("the README's table shows the packages as they are", () => {
  expect(readText("README.md")).toContain(`\n\n${packageTable()}\n\n`);
});
