import { toErrorRecord, type Finding, type TaskId } from "@mnemosyne/core";
import { openShared } from "@mnemosyne/workspace";
import { payloadOf } from "../run/payload.ts";
import type { WorkContext, WorkResult } from "../run/work.ts";
import { observedModel } from "./observed-model.ts";
import { readPayload } from "./outputs.ts";
import type { RunServices } from "./run-services.ts";

/** The final gates: they judge the whole run against its success criteria, on the workspace as it now is. */
export async function judgeRun(services: RunServices, context: WorkContext): Promise<WorkResult> {
  const { plan, runId } = services;
  const { log, signal, emit } = context;
  // The run as a whole has no task; it is journalled under a name that no task can have.
  const task = "run" as TaskId;
  try {
    const workspace = await openShared(services.workspace);
    const reports: string[] = [];
    for (const { id } of plan.tasks) {
      const ref = log.projection.task(id).report;
      const report = ref === undefined ? undefined : await readPayload(services, ref);
      if (typeof report === "string") reports.push(`${id}: ${report}`);
    }
    const model = observedModel(services, { task, attempt: 1, epoch: 1, purpose: "final" }, emit);
    const review = await services.gates.review(
      {
        runId,
        task,
        attempt: 1,
        instructions: plan.goal,
        goal: plan.goal,
        constraints: plan.constraints,
        successCriteria: plan.successCriteria,
        workspace,
        changes: [],
        tree: await workspace.hash(),
        report: reports.join("\n\n"),
        effects: plan.tasks.flatMap(({ id }) => log.projection.task(id).tools),
        earlier: plan.tasks.flatMap(({ id }) =>
          log.projection.task(id).judgements.map(({ gate, verdict }) => ({ task: id, gate, verdict })),
        ),
        ...(plan.testCommand === undefined ? {} : { testCommand: plan.testCommand }),
      },
      plan.finalGates,
      {
        commands: services.commands,
        signal,
        onJudged: ({ gate, verdict, findings, subject, durationMs }) =>
          emit({ type: "gate.judged", task, attempt: 1, gate, verdict, findings, subject, durationMs }),
        ...(model === undefined ? {} : { model }),
      },
    );
    const findings: readonly Finding[] = review.gates.flatMap((gate) => gate.findings);
    const payload = payloadOf(JSON.parse(services.redact(JSON.stringify(findings))));
    const blocker = findings.find(({ severity }) => severity === "blocker");
    return {
      inputs: [
        {
          type: "run.judged",
          verdict: review.verdict,
          findings: payload.ref,
          ...(blocker === undefined ? {} : { summary: `${blocker.rule}: ${blocker.message}` }),
        },
      ],
      payloads: [payload],
    };
  } catch (error) {
    if (signal.aborted) throw error;
    return { inputs: [{ type: "run.judged", verdict: "error", summary: toErrorRecord(error).message }] };
  }
}
