import type { Command } from "commander";
import { openSession, type Session } from "../session.ts";
import type { GlobalFlags } from "../settings.ts";
import type { Terminal } from "../terminal.ts";

/** What a verb's action is given: its arguments in order, its options, an open session. Gives the exit code; none is 0. */
export type VerbAction<Options> = (
  session: Session,
  options: Options,
  ...args: readonly string[]
) => Promise<number | undefined>;

/** Attaches an action to a verb. */
export type Attach = <Options extends object>(command: Command, action: VerbAction<Options>) => void;

/** Makes the function that attaches actions; `done` gets the exit code. */
export function attachTo(terminal: Terminal, done: (exitCode: number) => void): Attach {
  return <Options extends object>(command: Command, action: VerbAction<Options>) => {
    command.action(async (...received: readonly unknown[]) => {
      const args = received.slice(0, command.registeredArguments.length) as string[];
      const session = await openSession(command.optsWithGlobals<GlobalFlags>(), terminal);
      try {
        done((await action(session, command.opts<Options>(), ...args)) ?? 0);
      } finally {
        await session.close();
      }
    });
  };
}
