import { realpath } from "node:fs/promises";
import { relative, sep } from "node:path";
import type { Tool } from "@mnemosyne/core";
import { defineTool } from "./define-tool.ts";
import { linesOf } from "./text-file.ts";
import { refused } from "./tool-fault.ts";
import type { ToolWorld } from "./tool-world.ts";

/** `write`: a whole file. */
export function writeTool(world: ToolWorld): Tool {
  return defineTool<{ path: string; content: string }>(
    {
      name: "write",
      description:
        "Writes a whole text file of the workspace; folders are made, an existing file is replaced. To change part of a file use edit.",
      properties: {
        path: { type: "string", minLength: 1, description: "Path relative to the workspace" },
        content: { type: "string", maxLength: 2_000_000, description: "The whole new content" },
      },
      required: ["path", "content"],
      async run({ path, content }) {
        const clean = await pathToChange(world, path);
        const existed = await world.workspace.exists(clean);
        await world.workspace.write(clean, content);
        const lines = linesOf(content).length;
        return `${existed ? "Replaced" : "Created"} '${clean}': ${lines} ${lines === 1 ? "line" : "lines"}, ${Buffer.byteLength(content)} bytes.`;
      },
    },
    world.redact,
  );
}

/** The path in its plain form, if this task may change it. Throws what the jail throws, and `E_NOT_ALLOWED`. */
export async function pathToChange(
  { workspace, mayWrite, writes }: ToolWorld,
  path: string,
): Promise<string> {
  const target = await workspace.resolve(path, "write");
  const clean = plainPath(path);
  // A link inside the workspace must not lead from a path that may be changed to one that may not.
  const real = relative(await realpath(workspace.root), target)
    .split(sep)
    .join("/");
  if (!mayWrite(clean) || !mayWrite(real))
    throw refused(
      `'${clean}' is outside what this task may change: ${writes?.join(", ")}. Change only files that match, or say in your report what is missing.`,
    );
  return clean;
}

/** Without `.` parts, doubled slashes and resolvable `..` parts. */
function plainPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") parts.pop();
    else parts.push(part);
  }
  return parts.join("/");
}
