// Draws the packages and who knows whom, from their manifests.
import { readdirSync, readFileSync } from "node:fs";

const scope = "@mnemosyne/";

/** Each package with the packages that it depends on at run time, without the scope. */
function dependencies() {
  const folder = new URL("../packages/", import.meta.url);
  return new Map(
    readdirSync(folder)
      .toSorted()
      .map((name) => {
        const manifest = JSON.parse(readFileSync(new URL(`${name}/package.json`, folder), "utf8"));
        const names = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
        const internal = names.filter((one) => one.startsWith(scope)).map((one) => one.slice(scope.length));
        return [name, internal.toSorted()];
      }),
  );
}

/** Everything that can be reached from a package. */
function closure(graph, name) {
  const found = new Set(graph.get(name));
  for (const one of found) for (const below of graph.get(one) ?? []) found.add(below);
  return found;
}

/**
 * The diagram in mermaid's language: an arrow says "depends on"; one that follows from others is left out.
 *
 * @returns {string}
 */
export function diagram() {
  const graph = dependencies();
  const lines = ["graph TD"];
  for (const [name, below] of graph) {
    const implied = new Set(below.flatMap((one) => [...closure(graph, one)]));
    const direct = below.filter((one) => !implied.has(one));
    if (direct.length === 0) lines.push(`  ${name}`);
    for (const one of direct) lines.push(`  ${name} --> ${one}`);
  }
  return `${lines.join("\n")}\n`;
}
