import type { Command } from "commander";
import type { Attach } from "./verb.ts";

/** The verb that paints a run. */
export function addWatchCommands(program: Command, attach: Attach): void {
  attach(
    program
      .command("watch")
      .summary("paint a run while it works")
      .description(
        "Paints a run: tasks, gates, context, usage, last events. Approvals and questions are answered in place, and what was decided is carried on here. Without a terminal it prints the events.",
      )
      .argument("[run]", "its id (default: the newest that has not ended, else the newest)"),
    async (session, _options, id) => (await import("./watch-actions.ts")).watch(session, id),
  );
}
