import path from "node:path";
import { MnemosyneError, type Workspace } from "@mnemosyne/core";

/** Claude Code's own tools that stay within the workspace, with the fields that name paths. */
const FILE_TOOLS: Readonly<
  Record<string, { readonly access: "read" | "write"; readonly paths: readonly string[] }>
> = {
  Read: { access: "read", paths: ["file_path"] },
  Glob: { access: "read", paths: ["path", "pattern"] },
  Grep: { access: "read", paths: ["path", "glob"] },
  Write: { access: "write", paths: ["file_path"] },
  Edit: { access: "write", paths: ["file_path"] },
  MultiEdit: { access: "write", paths: ["file_path"] },
  NotebookEdit: { access: "write", paths: ["notebook_path"] },
};

/** Names of the tools that are offered. */
export const OFFERED: readonly string[] = [...Object.keys(FILE_TOOLS), "TodoWrite"];

/** Refuses (throws) what would leave the workspace, or is not offered at all. `ours` begins the names of our own tools. */
export async function guardTool(
  name: string,
  input: unknown,
  workspace: Workspace,
  allowed: { readonly ours: string; readonly more: readonly string[] },
): Promise<void> {
  if (name.startsWith(allowed.ours) || name === "TodoWrite" || allowed.more.includes(name)) return;
  const known = Object.hasOwn(FILE_TOOLS, name) ? FILE_TOOLS[name] : undefined;
  if (known === undefined)
    throw new MnemosyneError("E_NOT_ALLOWED", `The tool '${name}' is not offered here.`, {
      kind: "input",
      hint: `Use the file tools, or ${allowed.ours}* for everything else.`,
    });
  const fields =
    typeof input === "object" && input !== null ? (input as Readonly<Record<string, unknown>>) : {};
  for (const field of known.paths) {
    const given = fields[field];
    if (typeof given !== "string") continue;
    // Of a glob the part before its first wild card names the folder.
    const fixed = given.split(/[*?[{]/)[0] ?? "";
    if (given.split(/[\\/]/).includes("..")) throw escape(given);
    const relative = path.relative(workspace.root, path.resolve(workspace.root, fixed));
    if (relative === ".." || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative))
      throw escape(given);
    if (relative !== "") await workspace.resolve(relative.split(path.sep).join("/"), known.access);
  }
}

function escape(given: string): MnemosyneError {
  return new MnemosyneError("E_PATH_ESCAPE", `'${given}' lies outside of the workspace.`, {
    kind: "input",
    hint: "Use paths within the working folder.",
  });
}
