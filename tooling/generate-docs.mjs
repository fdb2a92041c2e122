// Writes the parts of README.md and docs/architecture.md that follow from the manifests.
import { readFileSync, writeFileSync } from "node:fs";
import { diagram } from "./diagram.mjs";
import { packageTable } from "./package-table.mjs";

function rewrite(page, pattern, replacement) {
  const file = new URL(`../${page}`, import.meta.url);
  const text = readFileSync(file, "utf8");
  if (!pattern.test(text)) throw new Error(`${page} has no place for it: ${pattern}`);
  writeFileSync(
    file,
    text.replace(pattern, () => replacement),
  );
}

rewrite("README.md", /(?:^\|.*\n)+/m, `${packageTable()}\n`);
rewrite("docs/architecture.md", /^```mermaid\n[^]*?^```$/m, `\`\`\`mermaid\n${diagram()}\`\`\``);
