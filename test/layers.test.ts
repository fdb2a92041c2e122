import { isBuiltin } from "node:module";
import path from "node:path";
import { expect, test } from "vitest";
import { diagram } from "../tooling/diagram.mjs";
import { agents, layers } from "./layers.ts";
import { factsOf, packageOf } from "./module-facts.ts";
import {
  internalDependencies,
  packages,
  readText,
  runtimeDependencies,
  SCOPE,
  sourcesOf,
  type Package,
} from "./repository.ts";

const each = packages.map((one) => [one.name, one] as const);

test("every package has a place in the architecture, and every place a package", () => {
  expect(packages.map(({ name }) => name)).toEqual(Object.keys(layers).toSorted());
});

test("the arrows have no circle, and no agent may know another", () => {
  const seen = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    expect(path, `${name} comes back to itself`).not.toContain(name);
    if (seen.has(name)) return;
    for (const below of layers[name]?.mayKnow ?? []) visit(below, [...path, name]);
    seen.add(name);
  };
  for (const name of Object.keys(layers)) visit(name, []);
  for (const agent of agents) {
    expect(layers[agent]?.mayKnow.filter((name) => agents.includes(name))).toEqual([]);
  }
});

test.each(each)("%s declares only what it may know", (name, { manifest }) => {
  const layer = layers[name];
  const unknown = internalDependencies(manifest).filter((below) => !layer?.mayKnow.includes(below));
  expect(unknown).toEqual([]);
  const libraries = runtimeDependencies(manifest).filter((one) => !one.startsWith(SCOPE));
  expect(libraries.filter((one) => layer?.libraries?.includes(one) === false)).toEqual([]);
});

/** What is wrong with an import of a package's source. */
function faultOf({ name, folder, manifest }: Package, file: string, specifier: string): string | undefined {
  if (isBuiltin(specifier)) return specifier.startsWith("node:") ? undefined : "a builtin without `node:`";
  if (specifier.startsWith(".")) {
    const target = path.posix.join(path.posix.dirname(file), specifier);
    return target.startsWith(`${folder}/src/`) ? undefined : "reaches out of its package";
  }
  const from = packageOf(specifier);
  if (from === `${SCOPE}${name}`) return "imports itself by name";
  if (!runtimeDependencies(manifest).includes(from)) return "is not declared";
  if (!from.startsWith(SCOPE)) return undefined;
  const target = packages.find((one) => one.manifest.name === from);
  const subpath = `.${specifier.slice(from.length)}`;
  return target !== undefined && subpath in target.manifest.exports ? undefined : "is not exported there";
}

test.each(each)("%s imports only what it declares, through its front door", (_name, one) => {
  const faults = sourcesOf(one).flatMap((file) =>
    factsOf(file).imports.flatMap((specifier) => {
      const fault = faultOf(one, file, specifier);
      return fault === undefined ? [] : [`${file}: ${specifier} ${fault}`];
    }),
  );
  expect(faults).toEqual([]);
});

/** Libraries that the command's bundled files, but none of its sources, load from their own folders. */
const LOADED_BY_BUNDLE: Readonly<Record<string, readonly string[]>> = { cli: ["jiti", "libsql"] };

test.each(each)("%s declares nothing that it does not import", (name, one) => {
  const imported = new Set(sourcesOf(one).flatMap((file) => factsOf(file).imports.map(packageOf)));
  for (const library of LOADED_BY_BUNDLE[name] ?? []) imported.add(library);
  const { dependencies = {} } = one.manifest;
  const unused = Object.keys(dependencies).filter((name) => !imported.has(name));
  expect(unused).toEqual([]);
});

test("testkit runs under any test runner", () => {
  const testkit = packages.find(({ name }) => name === "testkit");
  const imports = testkit === undefined ? [] : sourcesOf(testkit).flatMap((file) => factsOf(file).imports);
  expect(imports.filter((specifier) => /^(?:vitest|node:test|jest|mocha|@jest)/.test(specifier))).toEqual([]);
});

test("the diagram in docs/architecture.md shows the packages as they are", () => {
  expect(readText("docs/architecture.md")).toContain(`\`\`\`mermaid\n${diagram()}\`\`\`\n`);
});
