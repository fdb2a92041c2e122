import { z } from "zod";
import { fenced } from "../fence.ts";
import { given } from "../given.ts";
import type { McpReviewer } from "../options.ts";
import { mcpTool, type McpTool } from "../tool.ts";

/** The reviewer alone, on the workspace that it was made for. */
export function reviewTool(reviewer: McpReviewer): McpTool {
  return mcpTool({
    name: "review",
    title: "Review the changes",
    description:
      "Runs the gates on what changed in the workspace. Only `pass` passes; `error` and `inconclusive` block too. Give `report` to have its claims checked.",
    idempotent: true,
    openWorld: true,
    input: z.strictObject({
      base: z.string().max(200).optional().describe("the revision to compare with"),
      gates: z.array(z.string().max(64)).max(50).optional().describe("only these gates"),
      report: z.string().max(100_000).optional().describe("what is claimed about the change"),
    }),
    output: z.object({
      verdict: z.string(),
      gates: z.array(
        z.object({
          gate: z.string(),
          verdict: z.string(),
          findings: z.array(
            z.object({
              rule: z.string(),
              severity: z.string(),
              message: z.string(),
              file: z.string().optional(),
              line: z.number().optional(),
              evidence: z.string().optional(),
            }),
          ),
        }),
      ),
    }),
    async run(request, { signal }) {
      const { verdict, gates } = await reviewer.review(given(request), { signal });
      const judged = gates.map(({ gate, verdict: one, findings }) => ({
        gate,
        verdict: one,
        findings: findings.map(({ rule, severity, message, file, line, evidence }) =>
          given({ rule, severity, message, file, line, evidence }),
        ),
      }));
      const blocks = judged.map(({ gate, verdict: one, findings }) => ({
        kind: "gate",
        attributes: { gate, verdict: one },
        text: findings
          .map(({ severity, file, line, message }) => `${severity} ${file ?? ""}:${line ?? ""} ${message}`)
          .join("\n"),
      }));
      return { data: { verdict, gates: judged }, text: `Verdict: ${verdict}\n\n${fenced(blocks)}` };
    },
  });
}
