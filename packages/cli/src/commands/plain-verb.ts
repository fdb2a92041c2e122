import type { Command } from "commander";
import { Output } from "../output.ts";
import type { GlobalFlags } from "../settings.ts";
import type { Terminal } from "../terminal.ts";

/** What a verb is given that has to work where the config or the database does not. */
export interface PlainCall {
  readonly terminal: Terminal;
  readonly output: Output;
  readonly flags: GlobalFlags;
}

/** Attaches an action that opens nothing. */
export type AttachPlain = <Options extends object>(
  command: Command,
  action: (call: PlainCall, options: Options, ...args: readonly string[]) => Promise<number>,
) => void;

/** Makes the function that attaches actions; `done` gets the exit code. */
export function attachPlainTo(terminal: Terminal, done: (exitCode: number) => void): AttachPlain {
  return <Options extends object>(
    command: Command,
    action: (call: PlainCall, options: Options, ...args: readonly string[]) => Promise<number>,
  ) => {
    command.action(async (...received: readonly unknown[]) => {
      const args = received.slice(0, command.registeredArguments.length) as string[];
      const flags = command.optsWithGlobals<GlobalFlags>();
      const output = new Output(terminal, {
        json: flags.json ?? false,
        quiet: flags.quiet ?? false,
        color: flags.color ?? true,
      });
      done(await action({ terminal, output, flags }, command.opts<Options>(), ...args));
    });
  };
}
