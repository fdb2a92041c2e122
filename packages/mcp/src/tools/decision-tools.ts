import { z } from "zod";
import { given } from "../given.ts";
import type { McpEngine, McpRun, McpStorage } from "../options.ts";
import { refuseOwnRun, visibleRun } from "../runs.ts";
import type { Scope } from "../scope.ts";
import { mcpTool, type McpTool, type ToolSpec } from "../tool.ts";
import { reportData, reportShape, reportText } from "./run-shapes.ts";

const run = z.string().min(1).max(64).describe("the run's id");
const task = z.string().min(1).max(64).describe("the task's id");
const reason = z.string().max(1000).optional().describe("why");
const outcome = reportShape.extend({ changed: z.boolean() });

/** Decisions for runs that no client started. */
export function decisionTools(engine: McpEngine, storage: McpStorage, scope: Scope): readonly McpTool[] {
  const decision = <I extends z.ZodObject<{ run: z.ZodString }>>(
    spec: Pick<ToolSpec<I, typeof outcome>, "name" | "title" | "description" | "input" | "destructive">,
    decide: (run: McpRun, args: z.output<I>, by: string) => Promise<boolean>,
    own: "refuse" | "allow" = "refuse",
  ): McpTool =>
    mcpTool<I, typeof outcome>({
      ...spec,
      output: outcome,
      idempotent: true,
      openWorld: true,
      async run(args, { by }) {
        const { run: id } = args as unknown as { readonly run: string };
        const handle = await visibleRun(engine, storage, scope, id);
        if (own === "refuse") refuseOwnRun(id);
        const changed = await decide(handle, args, by);
        // What becomes of the work stands in the journal; this call only records the decision.
        handle.carry().catch(() => undefined);
        const report = await handle.report();
        return { data: { ...reportData(report), changed }, text: reportText(report) };
      },
    });
  return [
    decision(
      {
        name: "approve",
        title: "Approve",
        description: "Grants what a task waits for. Never for a run that a client started.",
        destructive: true,
        input: z.strictObject({ run, task }),
      },
      (handle, args, by) => handle.approve(args.task, { by }),
    ),
    decision(
      {
        name: "deny",
        title: "Deny",
        description: "Refuses what a task waits for: it fails. Never for a run that a client started.",
        destructive: true,
        input: z.strictObject({ run, task, reason }),
      },
      (handle, args, by) => handle.deny(args.task, { by, ...given({ reason: args.reason }) }),
    ),
    decision(
      {
        name: "answer",
        title: "Answer a question",
        description: "Answers a task's question. Never for a run that a client started.",
        input: z.strictObject({
          run,
          task,
          text: z.string().min(1).max(20_000),
          question: z.string().max(64).optional(),
        }),
      },
      (handle, args, by) =>
        handle.answer(args.task, args.text, { by, ...given({ question: args.question }) }),
    ),
    decision(
      {
        name: "retry",
        title: "Retry a task",
        description:
          "Runs a failed, skipped or cancelled task again, and what hangs on it. Never for a run that a client started.",
        destructive: true,
        input: z.strictObject({ run, task }),
      },
      (handle, args, by) => handle.retry(args.task, { by }),
    ),
    decision(
      {
        name: "rollback",
        title: "Roll a run back",
        description:
          "Undoes a run that ended, or what came after a task. Never for a run that a client started.",
        destructive: true,
        input: z.strictObject({ run, to: z.string().max(64).optional() }),
      },
      (handle, args, by) => handle.rollback({ by, ...given({ to: args.to }) }),
    ),
    decision(
      {
        name: "cancel",
        title: "Cancel a run",
        description:
          "Stops a run; nothing is undone. Works for the client's own runs too: it judges nothing.",
        destructive: true,
        input: z.strictObject({ run, reason }),
      },
      (handle, args, by) => handle.cancel({ by, ...given({ reason: args.reason }) }),
      "allow",
    ),
  ];
}
