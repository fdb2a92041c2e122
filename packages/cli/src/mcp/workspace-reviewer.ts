import { MnemosyneError } from "@mnemosyne/core";
import type { McpReviewer } from "@mnemosyne/mcp";
import { gateNames } from "@mnemosyne/reviewer";
import { reviewWorkspace } from "../commands/review-workspace.ts";
import type { Session } from "../session.ts";

/** Runs the project's own commands, which a client may have written: only for clients that may act. */
const ACTING = "tests";

/** The reviewer on the project's folder. */
export function workspaceReviewer({ settings, terminal }: Session, allowAct: boolean): McpReviewer {
  const offered = gateNames.filter((name) => name !== "intent" && (allowAct || name !== ACTING));
  return {
    async review({ gates = offered, ...request }, { signal }) {
      if (!allowAct && gates.includes(ACTING))
        throw new MnemosyneError(
          "E_NOT_ALLOWED",
          `The gate '${ACTING}' runs the project's commands; this server was not started with --allow-act.`,
          { kind: "input", path: "gates", hint: "Leave it out, or ask a person to run 'mnemosyne review'." },
        );
      return await reviewWorkspace({
        workspace: settings.root,
        gates,
        ...request,
        ...(settings.config.gates === undefined ? {} : { customGates: settings.config.gates }),
        env: terminal.env,
        signal,
      });
    },
  };
}
