import { readFile } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { MnemosyneError } from "@mnemosyne/core";
import { defineScript, type Script } from "./script.ts";

/**
 * Reads a script from a JSON file, or from a JavaScript module that exports it as `script` or by default.
 * Throws `E_NOT_FOUND`, or `E_INPUT` naming what is wrong with it.
 */
export async function loadScript(path: string): Promise<Script> {
  const file = resolve(path);
  const value = extname(file) === ".json" ? await readJson(file) : await importModule(file);
  return defineScript(value as Script);
}

async function readJson(file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw unreadable(file, error);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new MnemosyneError("E_INPUT", `The script ${file} is not JSON: ${(error as Error).message}.`, {
      kind: "input",
      path: "script",
      cause: error,
    });
  }
}

async function importModule(file: string): Promise<unknown> {
  let module: Readonly<Record<string, unknown>>;
  try {
    module = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw unreadable(file, error);
  }
  const script = module["script"] ?? module["default"];
  if (script !== undefined) return script;
  throw new MnemosyneError("E_INPUT", `${file} exports no script; export it as 'script' or by default.`, {
    kind: "input",
    path: "script",
  });
}

function unreadable(file: string, cause: unknown): MnemosyneError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const code = (cause as { readonly code?: unknown }).code;
  if (code === "ENOENT" || code === "ERR_MODULE_NOT_FOUND")
    return new MnemosyneError("E_NOT_FOUND", `The script ${file} cannot be read: ${message}.`, {
      kind: "notFound",
      path: "script",
      cause,
    });
  return new MnemosyneError("E_INPUT", `The script ${file} cannot be loaded: ${message}`, {
    kind: "input",
    path: "script",
    cause,
  });
}
