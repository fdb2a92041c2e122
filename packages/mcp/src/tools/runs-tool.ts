import type { RunRecord } from "@mnemosyne/core";
import { z } from "zod";
import { fenced } from "../fence.ts";
import type { McpStorage } from "../options.ts";
import type { Scope } from "../scope.ts";
import { mcpTool, type McpTool } from "../tool.ts";

/** The newest runs that clients may see. */
export async function visibleRuns(
  journal: NonNullable<McpStorage["journal"]>,
  scope: Scope,
  limit: number,
): Promise<readonly RunRecord[]> {
  const runs = await journal.listRuns({ limit: 500 });
  const shown: RunRecord[] = [];
  for (const run of runs) {
    if (shown.length === limit) break;
    if (scope.holdsPlan((await journal.getRun(run.runId))?.plan)) shown.push(run);
  }
  return shown;
}

/** Lists runs. */
export function runsTool(journal: NonNullable<McpStorage["journal"]>, scope: Scope): McpTool {
  return mcpTool({
    name: "runs",
    title: "List runs",
    description: "Lists runs of plans, newest first.",
    readOnly: true,
    input: z.strictObject({ limit: z.int().min(1).max(200).default(20) }),
    output: z.object({
      runs: z.array(
        z.object({ runId: z.string(), name: z.string(), status: z.string(), startedAt: z.string() }),
      ),
    }),
    async run({ limit }) {
      const runs = (await visibleRuns(journal, scope, limit)).map(({ runId, name, status, startedAt }) => ({
        runId,
        name,
        status,
        startedAt: startedAt.toISOString(),
      }));
      const lines = runs.map(
        ({ runId, name, status, startedAt }) => `${runId}  ${status}  ${startedAt}  ${name}`,
      );
      return {
        data: { runs },
        text:
          runs.length === 0
            ? "There are no runs."
            : fenced([{ kind: "runs", attributes: {}, text: lines.join("\n") }]),
      };
    },
  });
}
