import { existsSync } from "node:fs";
import path from "node:path";
import { Namespace, type NamespaceInput } from "@mnemosyne/core";
import { findConfig, loadConfig, type MnemosyneConfig } from "./config.ts";
import type { Terminal } from "./terminal.ts";

/** Flags that every verb takes. */
export interface GlobalFlags {
  readonly db?: string;
  readonly json?: boolean;
  readonly namespace?: string;
  readonly config?: string;
  readonly quiet?: boolean;
  readonly color?: boolean;
}

/** What flags, environment, config and folder come to. */
export interface Settings {
  /** Database URL. */
  readonly url: string;
  readonly authToken: string | undefined;
  readonly namespace: Namespace;
  readonly config: MnemosyneConfig;
  /** The git root, else the current folder. */
  readonly root: string;
}

/** Works out where the database is and which namespace is meant. Reads the config, unless it is given; opens nothing else. */
export async function settingsFor(
  flags: GlobalFlags,
  terminal: Terminal,
  given?: MnemosyneConfig,
): Promise<Settings> {
  const { env, cwd } = terminal;
  const gitRoot = nearest(cwd, ".git");
  const root = gitRoot ?? cwd;
  const file = flags.config === undefined ? findConfig(cwd, root) : path.resolve(cwd, flags.config);
  const config = given ?? (file === undefined ? {} : await loadConfig(file));
  const home = nearest(cwd, path.join(".mnemosyne", "mnemosyne.db")) ?? root;
  const named = flags.db ?? env["MNEMOSYNE_DB"] ?? env["TURSO_DATABASE_URL"] ?? config.db;
  const wanted: NamespaceInput | undefined = flags.namespace ?? config.namespace;
  return {
    url: databaseUrl(named ?? path.join(home, ".mnemosyne", "mnemosyne.db"), cwd),
    authToken: env["TURSO_AUTH_TOKEN"],
    namespace:
      wanted === undefined
        ? gitRoot === undefined
          ? Namespace.global()
          : Namespace.project(Namespace.nameFrom(path.basename(gitRoot)))
        : Namespace.parse(wanted),
    config,
    root,
  };
}

/** A URL of a database, from a URL or the path of a file. */
export function databaseUrl(named: string, cwd: string): string {
  if (named === ":memory:" || /^(libsql|https?|wss?):\/\//.test(named)) return named;
  const file = named.startsWith("file:") ? named.slice("file:".length).replace(/^\/\/(?=\/)/, "") : named;
  return `file:${path.resolve(cwd, file)}`;
}

/** The nearest folder from here upwards that holds an entry of that name. */
export function nearest(from: string, entry: string): string | undefined {
  for (let folder = path.resolve(from); ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, entry))) return folder;
    if (path.dirname(folder) === folder) return undefined;
  }
}
