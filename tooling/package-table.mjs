// The README's table of packages, from their manifests.
import { readdirSync, readFileSync } from "node:fs";

const scope = "@mnemosyne/";

/** What is installed with a package: others of this repository by their short names, then libraries. */
function needs({ dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} }) {
  const own = Object.keys(dependencies).filter((name) => !(name in peerDependencies));
  const peers = Object.keys(peerDependencies).map((name) =>
    peerDependenciesMeta[name]?.optional ? `${name} (optional)` : `${name} (peer)`,
  );
  const internal = own.filter((name) => name.startsWith(scope)).map((name) => name.slice(scope.length));
  return [...internal, ...own.filter((name) => !name.startsWith(scope)), ...peers].join(", ") || "nothing";
}

/** What `npm install` brings with it, as test/smoke/packed.test.ts measured it. */
function size(measured) {
  if (measured === undefined) return "not measured";
  const { megabytes, packages } = measured;
  return `${megabytes.toFixed(1)} MB in ${packages} ${packages === 1 ? "package" : "packages"}`;
}

/**
 * The table as Markdown: what each package gives, what is installed with it, and how much that is.
 *
 * @returns {string}
 */
export function packageTable() {
  const folder = new URL("../packages/", import.meta.url);
  const manifests = readdirSync(folder)
    .toSorted()
    .map((name) => JSON.parse(readFileSync(new URL(`${name}/package.json`, folder), "utf8")));
  const sizes = JSON.parse(readFileSync(new URL("../docs/package-sizes.json", import.meta.url), "utf8"));
  const rows = manifests.map((manifest) => {
    const short = manifest.name.slice(scope.length);
    return [
      `[\`${short}\`](packages/${short}/README.md)`,
      manifest.description,
      size(sizes[short]),
      needs(manifest),
    ];
  });
  const head = ["package", "gives", "installed", "needs"];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column].length)),
  );
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
