import { MnemosyneError, type RunEvent } from "@mnemosyne/core";
import { z } from "zod";
import { given } from "../given.ts";
import type { McpEngine, McpRun, McpStorage } from "../options.ts";
import { clientRunId, visibleRun } from "../runs.ts";
import type { Scope } from "../scope.ts";
import { mcpTool, type McpTool, type ToolCall } from "../tool.ts";
import { reportData, reportShape, reportText } from "./run-shapes.ts";

const planShape = z
  .looseObject({ tasks: z.array(z.unknown()).min(1) })
  .describe(
    "a plan in the form of a plan file: { version: 1, name, tasks: [{ id, run | instructions, dependsOn?, gates? }] }",
  );
const wait = z.number().min(0).max(3600).describe("seconds to wait for its end; it goes on in any case");

/** Checking plans and looking at runs; running them too when clients may act. */
export function runTools(
  engine: McpEngine,
  storage: McpStorage,
  scope: Scope,
  allowAct: boolean,
): readonly McpTool[] {
  const tools: McpTool[] = [
    mcpTool({
      name: "plan_check",
      title: "Check a plan",
      description: "Checks a plan and gives its order, critical path and findings. Runs nothing.",
      readOnly: true,
      input: z.strictObject({ plan: planShape }),
      output: z.object({
        valid: z.boolean(),
        order: z.array(z.string()),
        criticalPath: z.array(z.string()),
        findings: z.array(z.record(z.string(), z.unknown())),
      }),
      async run({ plan }) {
        const check = await Promise.resolve(engine.checkPlan(plan));
        const findings = check.findings.map((finding) => ({ ...finding }));
        const lines = findings.map(({ severity, path, message }) => `${severity} ${path}: ${message}`);
        return {
          data: {
            valid: check.valid,
            order: [...check.order],
            criticalPath: [...check.criticalPath],
            findings,
          },
          text: [`The plan is ${check.valid ? "sound" : "not sound"}.`, ...lines].join("\n"),
        };
      },
    }),
    mcpTool({
      name: "run_status",
      title: "How a run stands",
      description: "Gives a run's status, its tasks and what it waits for; can wait for its end first.",
      readOnly: true,
      input: z.strictObject({ run: z.string().max(64).describe("the run's id"), wait: wait.default(0) }),
      output: reportShape,
      async run({ run: id, wait: seconds }, call) {
        const run = await visibleRun(engine, storage, scope, id);
        if (seconds > 0) await follow(run, seconds, call);
        const report = await run.report();
        return { data: reportData(report), text: reportText(report) };
      },
    }),
  ];
  if (allowAct)
    tools.push(
      mcpTool({
        name: "run",
        title: "Run a plan",
        description:
          "Carries out a plan: its commands run on this machine. Gives the run's id and how it stands; cancelling the call cancels the run. Its approvals are for a person, never for a client.",
        destructive: true,
        openWorld: true,
        input: z.strictObject({
          plan: planShape,
          concurrency: z.int().min(1).max(64).optional(),
          wait: wait.default(45),
        }),
        output: reportShape,
        async run({ plan, concurrency, wait: seconds }, call) {
          if (!scope.holdsPlan(plan))
            throw new MnemosyneError(
              "E_NOT_ALLOWED",
              `The plan names the namespace '${String(plan["namespace"])}'; this server runs plans in ${scope.namespace} only.`,
              { kind: "input", path: "plan.namespace" },
            );
          const runId = clientRunId(plan["name"]);
          const run = await engine.submit(
            { version: 1, ...plan, namespace: scope.namespace },
            { runId, ...given({ concurrency }) },
          );
          const report = await followOrCancel(run, seconds, call);
          return { data: reportData(report), text: reportText(report) };
        },
      }),
    );
  return tools;
}

async function followOrCancel(run: McpRun, seconds: number, call: ToolCall) {
  await follow(run, seconds, call);
  if (call.signal.aborted) await run.cancel({ by: call.by, reason: "The client cancelled its call." });
  return await run.report();
}

/** Follows a run until it has finished or waits, the time is over, or the client is gone; tells the client how far it is. */
async function follow(run: McpRun, seconds: number, call: ToolCall): Promise<void> {
  const time = AbortSignal.timeout(seconds * 1000);
  const signal = AbortSignal.any([time, call.signal]);
  const total = (await run.report()).tasks.length;
  const done = new Set<string>();
  try {
    for await (const event of run.events({ signal })) {
      if (!("task" in event) || event.task === undefined) continue;
      if (/^task\.(?:completed|failed|skipped|cancelled)$/.test(event.type)) done.add(event.task);
      if (event.type.startsWith("task.")) await call.progress(done.size, total, described(event, event.task));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function described(event: RunEvent, task: string): string {
  return `${task} ${event.type.slice("task.".length)}`;
}
