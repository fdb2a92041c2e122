import { isBuiltin } from "node:module";
import { expect, test } from "vitest";
import { factsOf, packageOf } from "./module-facts.ts";
import { exists, packages, readText } from "./repository.ts";

const root = JSON.parse(readText("package.json")) as {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly engines: { readonly node: string };
};

test.each(packages.map((one) => [one.name, one] as const))(
  "%s is published as the others are",
  (name, one) => {
    const { folder, manifest } = one;
    expect(manifest).toMatchObject({
      name: `@mnemosyne/${name}`,
      license: "MIT",
      type: "module",
      engines: root.engines,
      scripts: { build: expect.stringMatching(/^tsc -p tsconfig\.build\.json(?: && |$)/) },
    });
    expect(manifest.description).toMatch(/\.$/);
    expect(manifest.files).toEqual(expect.arrayContaining(["dist", "src"]));
    expect(manifest.exports["./package.json"]).toBe("./package.json");
    for (const target of Object.values(manifest.exports)) {
      if (typeof target === "string") continue;
      // The order matters: the first condition that applies wins.
      expect(Object.keys(target as object)).toEqual(["@mnemosyne/source", "types", "default"]);
      const { "@mnemosyne/source": source = "", types, default: built } = target as Record<string, string>;
      expect(exists(`${folder}/${source}`)).toBe(true);
      expect(types).toBe(source.replace("/src/", "/dist/").replace(/\.ts$/, ".d.ts"));
      expect(built).toBe(source.replace("/src/", "/dist/").replace(/\.ts$/, ".js"));
    }
    for (const file of Object.values(manifest.bin ?? {})) expect(exists(`${folder}/${file}`)).toBe(true);
  },
);

test("every dependency has one version, named in pnpm-workspace.yaml", () => {
  const versions = packages.flatMap(({ name, manifest }) =>
    Object.entries({ ...manifest.dependencies, ...manifest.optionalDependencies }).map(
      ([dependency, version]) => [name, dependency, version] as const,
    ),
  );
  expect(versions.filter(([, , version]) => !["catalog:", "workspace:*"].includes(version))).toEqual([]);
});

test("the root needs no package of its own: what is installed and built to run the example stays small", () => {
  const names = Object.keys({ ...root.dependencies, ...root.devDependencies });
  expect(names.filter((name) => name.startsWith("@mnemosyne/"))).toEqual([]);
});

test("what builds a package is there without development tools, for npm start", () => {
  const scripts = packages
    .flatMap(({ folder }) => [`${folder}/bundle.mjs`, `${folder}/page/vite.config.ts`])
    .filter((file) => exists(file));
  expect(scripts.length).toBeGreaterThan(1);
  for (const file of scripts) {
    const libraries = factsOf(file).imports.filter((specifier) => !isBuiltin(specifier));
    expect(Object.keys(root.dependencies)).toEqual(expect.arrayContaining(libraries.map(packageOf)));
  }
});
