import { realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { MnemosyneError } from "@mnemosyne/core";
import { fsPath } from "../path/fs-path.ts";

/** The real path of a folder. Throws `E_NOT_FOUND`. */
export async function realFolder(path: string): Promise<string> {
  try {
    return await realpath(fsPath(resolve(path)), { encoding: "utf8" });
  } catch (error) {
    throw new MnemosyneError("E_NOT_FOUND", `There is no folder ${path}. Name one that exists.`, {
      kind: "notFound",
      cause: error,
    });
  }
}
