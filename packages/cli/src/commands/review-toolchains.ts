import { existsSync } from "node:fs";
import path from "node:path";

/** Where programs of languages are installed in somebody's home; none of these holds keys. */
const FOLDERS = [
  ".pyenv",
  ".nvm",
  ".volta",
  ".asdf",
  ".rbenv",
  ".rustup",
  ".cargo/bin",
  ".cargo/registry",
  ".deno",
  ".bun",
  ".sdkman",
  "go/pkg",
  ".local/bin",
  ".local/lib",
  ".local/share/mise",
  ".local/share/uv",
  ".local/share/pnpm",
  ".cache/node/corepack",
];

/** The folders of a home that a test command may have to read although a sandbox hides the home. */
export function toolchainFolders(home: string | undefined): readonly string[] {
  if (home === undefined || home === "" || home === "/") return [];
  return FOLDERS.map((folder) => path.join(home, folder)).filter((folder) => existsSync(folder));
}
