import { MnemosyneError, isMnemosyneError, toErrorRecord } from "@mnemosyne/core";
import { CommanderError } from "commander";
import { exitCodeOfError } from "./exit-code.ts";
import { createProgram } from "./program.ts";
import { Interrupted, processTerminal, type Terminal } from "./terminal.ts";

/**
 * Runs the command with the given arguments and gives its exit code: 0 done, 1 failed or not found, 2 bad input, 3 waits
 * for a person, 4 budget, 5 unavailable, 6 cancelled, 70 internal error, 130 SIGINT, 143 SIGTERM.
 */
export async function main(argv: readonly string[], given?: Terminal): Promise<number> {
  const own = given === undefined ? processTerminal() : undefined;
  const terminal = given ?? own;
  if (terminal === undefined) return 70;
  let exitCode = 0;
  try {
    const program = createProgram(terminal, (code) => {
      exitCode = code;
    });
    await program.parseAsync([...argv], { from: "user" });
    return exitCode;
  } catch (error) {
    return report(error, argv, terminal);
  } finally {
    own?.close();
  }
}

function report(error: unknown, argv: readonly string[], terminal: Terminal): number {
  const { reason } = terminal.signal;
  if (reason instanceof Interrupted) return reason.exitCode;
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  const shown =
    error instanceof CommanderError
      ? new MnemosyneError("E_INPUT", error.message.replace(/^error: /, ""), {
          kind: "input",
          hint: "See 'mnemosyne --help'.",
        })
      : error;
  const { kind: _kind, ...record } = toErrorRecord(shown);
  if (argv.includes("--json")) terminal.stdout.write(`${JSON.stringify({ error: record })}\n`);
  const hint = record.hint === undefined ? "" : `\n${record.hint}`;
  terminal.stderr.write(`mnemosyne: ${record.message}${hint}\n`);
  if (!isMnemosyneError(shown) && terminal.env["MNEMOSYNE_DEBUG"] !== undefined && shown instanceof Error)
    terminal.stderr.write(`${shown.stack ?? ""}\n`);
  return exitCodeOfError(shown);
}
