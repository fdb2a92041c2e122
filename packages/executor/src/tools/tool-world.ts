import type { CommandRunner, SandboxMode, Workspace } from "@mnemosyne/core";
import type { Redactor } from "../secrets.ts";
import type { CommandRule } from "./command-rules.ts";

/** What the workspace's tools act on. */
export interface ToolWorld {
  readonly workspace: Workspace;
  readonly commands: CommandRunner;
  /** True for a path that may be changed. */
  readonly mayWrite: (path: string) => boolean;
  /** Globs behind `mayWrite`, for messages; undefined: everything. */
  readonly writes: readonly string[] | undefined;
  readonly allow: readonly CommandRule[];
  /** Variables that commands may see. */
  readonly environment: Readonly<Record<string, string>>;
  readonly sandbox: SandboxMode;
  readonly commandTimeout: number;
  readonly outputLimit: number;
  readonly redact: Redactor;
}
