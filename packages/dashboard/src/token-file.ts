import { chmod, mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { MnemosyneError } from "@mnemosyne/core";
import { newToken, type Tokens } from "./access.ts";

/**
 * The tokens in this file; a missing file is written, readable by its owner alone. One that others could read is
 * replaced by new tokens.
 */
export async function readTokens(file: string): Promise<Tokens> {
  const known = await readKnown(file);
  if (known !== undefined) return known;
  const tokens: Tokens = { view: newToken(), act: newToken() };
  try {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    const beside = `${file}.${process.pid}`;
    await writeFile(beside, `${JSON.stringify(tokens)}\n`, { mode: 0o600, flag: "wx" });
    await chmod(beside, 0o600);
    await rename(beside, file);
  } catch (error) {
    throw new MnemosyneError("E_INPUT", `The tokens could not be written to '${file}'; name another file.`, {
      kind: "input",
      path: "tokenFile",
      cause: error,
    });
  }
  return tokens;
}

async function readKnown(file: string): Promise<Tokens | undefined> {
  try {
    const { mode } = await stat(file);
    if ((mode & 0o077) !== 0) return undefined;
    const { view, act } = JSON.parse(await readFile(file, "utf8")) as Partial<Tokens>;
    return isToken(view) && isToken(act) ? { view, act } : undefined;
  } catch {
    // Missing or damaged: new ones are written.
    return undefined;
  }
}

function isToken(text: unknown): text is string {
  return typeof text === "string" && /^[\w-]{43}$/.test(text);
}
