import type { CommandRunner, SandboxMode, Tool, Workspace } from "@mnemosyne/core";
import { hidingValues, type Redactor } from "../secrets.ts";
import { DEFAULT_COMMANDS, type CommandRule } from "./command-rules.ts";
import { editTool } from "./edit-tool.ts";
import { listTool } from "./list-tool.ts";
import { readTool } from "./read-tool.ts";
import { runTool } from "./run-tool.ts";
import { searchTool } from "./search-tool.ts";
import type { ToolWorld } from "./tool-world.ts";
import { writeTool } from "./write-tool.ts";

/** Options of {@link createWorkspaceTools}. */
export interface WorkspaceToolsOptions {
  readonly workspace: Workspace;
  readonly commands: CommandRunner;
  /** Programs that `run` may start. Default {@link DEFAULT_COMMANDS}. */
  readonly allow?: readonly CommandRule[];
  /** Variables that commands may see; their values are hidden in all that is shown and journalled. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Default `preferred`. */
  readonly sandbox?: SandboxMode;
  /** Milliseconds that one command may take. Default 120 000. */
  readonly commandTimeout?: number;
  /** Bytes kept of each output stream. Default 64 KiB. */
  readonly outputLimit?: number;
  /** Takes secrets out of what is journalled and of commands' output. */
  readonly redact?: Redactor;
}

/**
 * The tools `read`, `write`, `edit`, `list`, `search` and `run`, jailed to a workspace. They answer bad input and
 * refusals as errors that say what to do; each use goes to the tool context's `onUse`, redacted and capped.
 *
 * @example
 * const tools = createWorkspaceTools({ workspace, commands });
 * await model.runTools({ messages, tools }, { toolContext });
 */
export function createWorkspaceTools(options: WorkspaceToolsOptions): readonly Tool[] {
  const { environment = {} } = options;
  const world: ToolWorld = {
    workspace: options.workspace,
    commands: options.commands,
    allow: options.allow ?? DEFAULT_COMMANDS,
    environment,
    sandbox: options.sandbox ?? "preferred",
    commandTimeout: options.commandTimeout ?? 120_000,
    outputLimit: options.outputLimit ?? 64 * 1024,
    redact: hidingValues(environment, options.redact ?? ((text) => text)),
  };
  return [
    readTool(world),
    writeTool(world),
    editTool(world),
    listTool(world),
    searchTool(world),
    runTool(world),
  ];
}
