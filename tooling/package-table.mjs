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

/**
 * The table as Markdown: what each package gives, and what is installed with it.
 *
 * @returns {string}
 */
export function packageTable() {
  const folder = new URL("../packages/", import.meta.url);
  const manifests = readdirSync(folder)
    .toSorted()
    .map((name) => JSON.parse(readFileSync(new URL(`${name}/package.json`, folder), "utf8")));
  const rows = manifests.map((manifest) => {
    const short = manifest.name.slice(scope.length);
    return [`[\`${short}\`](packages/${short}/README.md)`, manifest.description, needs(manifest)];
  });
  const head = ["package", "gives", "needs"];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column].length)),
  );
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
