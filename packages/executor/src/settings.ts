import { tmpdir } from "node:os";
import type { LanguageModel, SandboxMode } from "@mnemosyne/core";
import type { Redactor } from "./secrets.ts";
import { DEFAULT_COMMANDS, type CommandRule } from "./tools/command-rules.ts";
import type { FunctionTable } from "./work/call-function.ts";

/** Options of the executor. */
export interface ExecutorOptions {
  /** Default `executor`. */
  readonly name?: string;
  /** Used where the context gives no model. */
  readonly model?: LanguageModel;
  /** Used once a task's failures have been escalated to level `model`: another model, or the name of one of the same provider. */
  readonly strongerModel?: LanguageModel | string;
  /** Model calls with tools in one attempt; reaching it fails the attempt. Default 40. */
  readonly maxTurns?: number;
  /** Tokens that one answer may have. Default 8192. */
  readonly maxTokens?: number;
  /** The functions of module plans. */
  readonly functions?: FunctionTable;
  /** Variables from which a task gets those that its `env` names. Default `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Folder for the files that commands exchange; outside every workspace. Default the system's. */
  readonly temporaryFolder?: string;
  /** Bytes kept of each output stream of a command. Default 64 KiB. */
  readonly outputLimit?: number;
  /** Programs that the model's `run` tool may start. Default {@link DEFAULT_COMMANDS}. */
  readonly allow?: readonly CommandRule[];
  /** Sandbox of the commands that a model chooses. Default `preferred`. */
  readonly commandSandbox?: SandboxMode;
  /** Milliseconds that a command of the `run` tool may take. Default 120 000. */
  readonly commandTimeout?: number;
  /**
   * Asks a person about instructions that cannot be judged before work on them begins; the answers are part of the task
   * then. `model` asks a model, too. Default `never`: a plan's check reports them.
   */
  readonly challenge?: "never" | "rules" | "model";
  /** Takes secrets out of what is journalled. Values of the variables that a task may see are always hidden. */
  readonly redact?: Redactor;
}

/** Options with every default filled in. */
export interface ExecutorSettings {
  readonly model: LanguageModel | undefined;
  readonly strongerModel: LanguageModel | string | undefined;
  readonly maxTurns: number;
  readonly maxTokens: number;
  readonly functions: FunctionTable;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly temporaryFolder: string;
  readonly outputLimit: number;
  readonly allow: readonly CommandRule[];
  readonly commandSandbox: SandboxMode;
  readonly commandTimeout: number;
  readonly challenge: "never" | "rules" | "model";
  readonly redact: Redactor;
}

/** Fills in the defaults. */
export function settingsOf(options: ExecutorOptions): ExecutorSettings {
  return {
    model: options.model,
    strongerModel: options.strongerModel,
    maxTurns: options.maxTurns ?? 40,
    maxTokens: options.maxTokens ?? 8192,
    functions: options.functions ?? {},
    environment: options.environment ?? process.env,
    temporaryFolder: options.temporaryFolder ?? tmpdir(),
    outputLimit: options.outputLimit ?? 64 * 1024,
    allow: options.allow ?? DEFAULT_COMMANDS,
    commandSandbox: options.commandSandbox ?? "preferred",
    commandTimeout: options.commandTimeout ?? 120_000,
    challenge: options.challenge ?? "never",
    redact: options.redact ?? ((text) => text),
  };
}
