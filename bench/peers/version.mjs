import { readFileSync } from "node:fs";

/** A package's name and installed version. */
export function versioned(name) {
  const manifest = new URL(`node_modules/${name}/package.json`, import.meta.url);
  return `${name} ${JSON.parse(readFileSync(manifest, "utf8")).version}`;
}
