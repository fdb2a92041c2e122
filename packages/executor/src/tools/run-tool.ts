import { existsSync } from "node:fs";
import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import { formatDuration, type CommandResult, type Tool, type Workspace } from "@mnemosyne/core";
import { bothEnds, outputEnds } from "../text-cap.ts";
import { checkCommand } from "./check-command.ts";
import { defineTool } from "./define-tool.ts";
import { refused, toolFault } from "./tool-fault.ts";
import type { ToolWorld } from "./tool-world.ts";

/** Characters of each stream that the model reads. */
const SHOWN = 12_000;

/** Keeps npx from fetching, git from writing and asking, and output free of colours. */
const QUIET: Readonly<Record<string, string>> = {
  npm_config_yes: "false",
  npm_config_update_notifier: "false",
  GIT_OPTIONAL_LOCKS: "0",
  GIT_PAGER: "cat",
  GIT_TERMINAL_PROMPT: "0",
  NO_COLOR: "1",
};

/** `run`: one allowed program with its arguments, in the workspace. */
export function runTool(world: ToolWorld): Tool {
  const programs = world.allow.map((rule) => rule.usage ?? rule.program).join("; ");
  return defineTool<{ program: string; args?: readonly string[] }>(
    {
      name: "run",
      description: `Runs one program in the workspace's root and gives its exit code and output. No shell: no pipes, no redirection, no wildcards. Allowed: ${programs}.`,
      properties: {
        program: { type: "string", minLength: 1, description: "Such as npm" },
        args: { type: "array", items: { type: "string", maxLength: 10_000 }, maxItems: 200 },
      },
      required: ["program"],
      async run({ program, args = [] }, { signal }) {
        const { workspace, commandTimeout } = world;
        for (const path of checkCommand(world.allow, program, args)) await keepInside(workspace, path);
        const result = await world.commands.run(
          { program, args },
          {
            cwd: workspace.root,
            env: { ...QUIET, ...world.environment },
            timeout: commandTimeout,
            outputLimit: world.outputLimit,
            sandbox: world.sandbox,
            signal,
          },
        );
        if (result.timedOut)
          throw toolFault(
            `'${program}' was stopped after ${formatDuration(commandTimeout)}.\n${streams(result, world.redact)}`,
          );
        const ended =
          result.exitCode === null
            ? `ended by ${result.signal ?? "a signal"}`
            : `exit code ${result.exitCode}`;
        return {
          content: `${ended} after ${formatDuration(result.durationMs)}\n${streams(result, world.redact)}`,
          isError: result.exitCode !== 0,
          summary: `${ended}\n${outputEnds(result, world.redact)}`,
        };
      },
    },
    world.redact,
  );
}

function streams(result: CommandResult, redact: (text: string) => string): string {
  const parts: string[] = [];
  for (const name of ["stdout", "stderr"] as const) {
    const text = redact(result[name]).trimEnd();
    if (text !== "") parts.push(`--- ${name}\n${bothEnds(text, SHOWN)}`);
  }
  if (result.truncated > 0) parts.push(`[${result.truncated} bytes of output were not kept]`);
  return parts.length === 0 ? "(no output)" : parts.join("\n");
}

/** Refuses an argument that names something outside the workspace or kept from it. */
async function keepInside(workspace: Workspace, value: string): Promise<void> {
  const target = resolve(workspace.root, value);
  const inside = relative(workspace.root, target);
  if (inside === "") return;
  if (inside === ".." || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
    // Text that only looks like a path, such as a URL's, has no folder on this disk to be in.
    if (isAbsolute(value) && !existsSync(dirname(target))) return;
    throw refused(`'${value}' is outside the workspace. Use paths relative to it.`);
  }
  const path = inside.split(sep);
  // What begins with nothing that exists leads nowhere: it is only text to the program.
  if (existsSync(resolve(workspace.root, path[0] ?? ""))) await workspace.resolve(path.join("/"), "read");
}
