import type { Command } from "commander";
import { wholeNumber } from "../numbers.ts";
import type { DashboardFlags } from "./dashboard-actions.ts";
import type { Attach } from "./verb.ts";

/** The verb that serves the page. */
export function addDashboardCommands(program: Command, attach: Attach): void {
  attach<DashboardFlags>(
    program
      .command("dashboard")
      .summary("serve a local page on the run database")
      .description(
        "Serves a page on 127.0.0.1: runs as living graphs, gates with their evidence, context, budget, memories. Ctrl-C ends it.",
      )
      .option("--port <n>", "default: any free one", wholeNumber)
      .option("--open", "open it in the browser")
      .option("--view-only", "nobody can decide for runs from the page")
      .addHelpText(
        "after",
        "\nThe printed address opens one browser, once. What the page decides is carried out while the command runs.\n\nExample:\n  mnemosyne dashboard --open",
      ),
    async (session, options) => (await import("./dashboard-actions.ts")).serveDashboard(session, options),
  );
}
