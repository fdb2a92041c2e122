import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { isMnemosyneError, MnemosyneError, toErrorRecord } from "@mnemosyne/core";

/**
 * The default export of a `.js`, `.mjs`, `.ts` or `.mts` file; `undefined` where it has none. TypeScript is run by
 * Node where it strips types, else through jiti. A file that changed is read again. The module is executed: load only
 * those that you would run. Throws `E_INPUT` for one that cannot be loaded; its own errors of this project as they are.
 */
export async function loadModule(file: string): Promise<unknown> {
  const path = resolve(file);
  try {
    if (path.endsWith("ts") && !stripsTypes()) {
      const { createJiti } = await import("jiti");
      const jiti = createJiti(pathToFileURL(path).href, { moduleCache: false, fsCache: false });
      return await jiti.import(path, { default: true });
    }
    const hash = createHash("sha256")
      .update(await readFile(path))
      .digest("hex");
    // Node keeps a module for ever by its URL; the hash makes a changed file another one.
    const module: unknown = await import(`${pathToFileURL(path).href}?content=${hash.slice(0, 16)}`);
    return typeof module === "object" && module !== null && "default" in module ? module.default : undefined;
  } catch (error) {
    if (isMnemosyneError(error)) throw error;
    throw new MnemosyneError(
      "E_INPUT",
      `The module '${file}' cannot be loaded: ${toErrorRecord(error).message}`,
      { kind: "input", path: "file", cause: error },
    );
  }
}

function stripsTypes(): boolean {
  const { features } = process as { readonly features: { readonly typescript?: unknown } };
  return Boolean(features.typescript);
}
