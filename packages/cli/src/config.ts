import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import {
  MnemosyneError,
  type Agent,
  type Gate,
  type LanguageModel,
  type NamespaceInput,
  type Tool,
} from "@mnemosyne/core";
import type { EmbedderSetting } from "./embedder.ts";

/** What `mnemosyne.config.{js,ts,json}` may say. */
export interface MnemosyneConfig {
  readonly agents?: readonly Agent[];
  readonly gates?: readonly Gate[];
  readonly tools?: readonly Tool[];
  /** A model's name, or a model. */
  readonly model?: string | LanguageModel;
  /** Default: `static`. */
  readonly embedder?: EmbedderSetting;
  readonly namespace?: NamespaceInput;
  /** URL or path of the database. */
  readonly db?: string;
}

/** A config as written, with its type checked. */
export function defineConfig(config: MnemosyneConfig): MnemosyneConfig {
  return config;
}

/** Names of config files, in the order in which they are looked for. */
export const CONFIG_NAMES = [
  "mnemosyne.config.ts",
  "mnemosyne.config.js",
  "mnemosyne.config.mjs",
  "mnemosyne.config.json",
];
const KEYS: ReadonlySet<string> = new Set([
  "agents",
  "gates",
  "tools",
  "model",
  "embedder",
  "namespace",
  "db",
]);

/** The nearest config from a folder up to the root. */
export function findConfig(from: string, root: string): string | undefined {
  for (let folder = path.resolve(from); ; folder = path.dirname(folder)) {
    for (const name of CONFIG_NAMES) if (existsSync(path.join(folder, name))) return path.join(folder, name);
    if (folder === path.resolve(root) || path.dirname(folder) === folder) return undefined;
  }
}

/** Reads a config. Throws `E_INPUT` for one that cannot be read, or has a key that is not known. */
export async function loadConfig(file: string): Promise<MnemosyneConfig> {
  const config = file.endsWith(".json")
    ? await readJson(file)
    : await (await import("@mnemosyne/plan")).loadModule(file);
  if (config === null || typeof config !== "object" || Array.isArray(config))
    throw invalid(file, "it must export an object by default");
  for (const key of Object.keys(config))
    if (!KEYS.has(key))
      throw invalid(file, `'${key}' is not a setting; known are ${[...KEYS].join(", ")}`, key);
  return config;
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as unknown;
  } catch (error) {
    throw invalid(file, error instanceof Error ? error.message : String(error));
  }
}

function invalid(file: string, reason: string, key?: string): MnemosyneError {
  return new MnemosyneError("E_INPUT", `The config ${file} cannot be used: ${reason}.`, {
    kind: "input",
    path: key ?? "config",
  });
}
