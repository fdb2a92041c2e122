import { createRequire } from "node:module";

/** What this package says of itself. By name: the command is put into other files than these. */
export function packageManifest(): { readonly version: string; readonly engines: { readonly node: string } } {
  return createRequire(import.meta.url)("@mnemosyne/cli/package.json") as ReturnType<typeof packageManifest>;
}
