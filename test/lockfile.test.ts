import { expect, test } from "vitest";
import { parse } from "yaml";
import { readText } from "./repository.ts";

const WANTED = ["darwin-arm64", "darwin-x64", "linux-arm64", "linux-x64"];

/** `@turbo/linux-64@2.11.9` belongs to the tool `@turbo/…@2.11.9` and serves `linux-x64`. */
function platformOf(key: string): { readonly tool: string; readonly platform: string } | undefined {
  const match = /^(.+?[/-])(linux|darwin)-(x64|64|arm64)(?:-gnu)?@(.+)$/.exec(key);
  if (match === null) return undefined;
  const [, name = "", system = "", processor = "", version = ""] = match;
  return { tool: `${name}…@${version}`, platform: `${system}-${processor === "64" ? "x64" : processor}` };
}

test("every native tool is locked for macOS and Linux on both processors", () => {
  const { packages } = parse(readText("pnpm-lock.yaml")) as {
    readonly packages: Readonly<Record<string, unknown>>;
  };
  const tools = new Map<string, Set<string>>();
  for (const key of Object.keys(packages)) {
    const found = platformOf(key);
    if (found === undefined) continue;
    tools.set(found.tool, (tools.get(found.tool) ?? new Set()).add(found.platform));
  }
  expect(tools.size).toBeGreaterThan(5);
  const incomplete = [...tools].map(([tool, platforms]) => ({
    tool,
    missing: WANTED.filter((platform) => !platforms.has(platform)),
  }));
  expect(incomplete.filter(({ missing }) => missing.length > 0)).toEqual([]);
});

test("a package without a binary for one platform would be seen", () => {
  expect(platformOf("@turbo/darwin-64@2.11.9")).toEqual({ tool: "@turbo/…@2.11.9", platform: "darwin-x64" });
  expect(platformOf("@libsql/linux-arm64-gnu@0.5.29")?.platform).toBe("linux-arm64");
  expect(platformOf("lightningcss-linux-x64-gnu@1.33.0")?.tool).toBe("lightningcss-…@1.33.0");
  expect(platformOf("vite@8.3.8")).toBeUndefined();
});
