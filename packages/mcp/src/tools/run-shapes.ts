import { z } from "zod";
import { fenced } from "../fence.ts";
import { given } from "../given.ts";
import type { McpRunReport } from "../options.ts";

/** How a run stands. */
export const reportShape = z.object({
  runId: z.string(),
  name: z.string(),
  status: z.string(),
  tasks: z.array(z.object({ id: z.string(), status: z.string(), attempts: z.number() })),
  waiting: z.array(
    z.object({ task: z.string(), kind: z.string(), text: z.string(), question: z.string().optional() }),
  ),
  usage: z.record(z.string(), z.number()),
  head: z.number(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});

/** A report as data. */
export function reportData(report: McpRunReport): z.input<typeof reportShape> {
  const { runId, name, status, head, error } = report;
  return given({
    runId,
    name,
    status,
    tasks: report.tasks.map((task) => ({ id: task.id, status: task.status, attempts: task.attempts })),
    waiting: report.waiting.map(({ task, kind, text, question }) => given({ task, kind, text, question })),
    usage: { ...report.usage },
    head,
    error: error === undefined ? undefined : { code: error.code, message: error.message },
  });
}

/** A report for reading. */
export function reportText(report: McpRunReport): string {
  const { runId, status, error } = report;
  const blocks = [
    {
      kind: "tasks",
      attributes: { run: runId },
      text: report.tasks
        .map(({ id, status: one, attempts }) => `${id}: ${one} (attempt ${attempts})`)
        .join("\n"),
    },
    ...report.waiting.map(({ task, kind, text }) => ({ kind: "waiting", attributes: { task, kind }, text })),
    ...(error === undefined
      ? []
      : [{ kind: "error", attributes: { code: error.code }, text: error.message }]),
  ];
  return `Run ${runId} is ${status}.\n\n${fenced(blocks)}`;
}
