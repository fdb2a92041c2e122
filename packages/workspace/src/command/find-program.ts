import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";

/** Where a program is: its path, or, for a bare name, the first of PATH's folders that has it. */
export async function findProgram(program: string, cwd: string, path: string): Promise<string | undefined> {
  if (program === "") return undefined;
  const candidates = program.includes("/")
    ? [resolve(cwd, program)]
    : path.split(":").map((folder) => join(isAbsolute(folder) ? folder : resolve(cwd, folder), program));
  for (const candidate of candidates) if (await isProgram(candidate)) return candidate;
  return undefined;
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    // Whatever the reason, it cannot be run.
    return false;
  }
}
