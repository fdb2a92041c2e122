import { Command } from "commander";
import { addContextCommands } from "./commands/context-commands.ts";
import { addDashboardCommands } from "./commands/dashboard-commands.ts";
import { addMcpCommand } from "./commands/mcp-command.ts";
import { addMemoryCommands } from "./commands/memory-commands.ts";
import { addPlanCommands } from "./commands/plan-commands.ts";
import { addRecordCommands } from "./commands/record-commands.ts";
import { addUpkeepCommands } from "./commands/upkeep-commands.ts";
import { addReviewCommand } from "./commands/review-command.ts";
import { addRunCommands } from "./commands/run-commands.ts";
import { attachPlainTo } from "./commands/plain-verb.ts";
import { addSetupCommands } from "./commands/setup-commands.ts";
import { attachTo } from "./commands/verb.ts";
import { addWatchCommands } from "./commands/watch-commands.ts";
import { packageManifest } from "./package-manifest.ts";
import type { Terminal } from "./terminal.ts";

/** The command's verbs and flags. `done` gets the exit code of the verb that ran. */
export function createProgram(terminal: Terminal, done: (exitCode: number) => void): Command {
  const program = new Command("mnemosyne")
    .description("Lasting memory for AI agents, and work plans that no one can call done without evidence.")
    .version(packageManifest().version)
    .option(
      "--db <file|url>",
      "the database (else MNEMOSYNE_DB, TURSO_DATABASE_URL, the config, the nearest .mnemosyne/)",
    )
    .option("--json", "machine output on stdout and nothing else there")
    .option(
      "--namespace <ns>",
      "global, project:<name> or session:<project>:<id> (else the git root's project)",
    )
    .option("--config <file>", "mnemosyne.config.{js,ts,json} (else the nearest)")
    .option("--quiet", "no remarks")
    .option("--no-color", "no colours")
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      // What went wrong is said once, by main, in the form that was asked for.
      writeErr: () => {},
    })
    .exitOverride();
  const attach = attachTo(terminal, done);
  addMemoryCommands(program, attach);
  addRecordCommands(program, attach);
  addUpkeepCommands(program, attach);
  addRunCommands(program, attach);
  addContextCommands(program, attach);
  addPlanCommands(program, attach);
  addMcpCommand(program, attach);
  addSetupCommands(program, attachPlainTo(terminal, done));
  addReviewCommand(program, attach);
  addWatchCommands(program, attach);
  addDashboardCommands(program, attach);
  return program;
}
