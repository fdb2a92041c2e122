import type { CommandRunner, SandboxMode, Workspace } from "@mnemosyne/core";
import type { Redactor } from "../secrets.ts";
import type { CommandRule } from "./command-rules.ts";

/** What the workspace's tools act on. */
export interface ToolWorld {
  readonly workspace: Workspace;
  readonly commands: CommandRunner;
  readonly allow: readonly CommandRule[];
  /** Variables that commands may see. */
  readonly environment: Readonly<Record<string, string>>;
  readonly sandbox: SandboxMode;
  readonly commandTimeout: number;
  readonly outputLimit: number;
  readonly redact: Redactor;
}
