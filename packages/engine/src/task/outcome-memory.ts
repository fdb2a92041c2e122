import type { ExecutionRef, RunId, Task } from "@mnemosyne/core";
import type { WorkContext } from "../run/work.ts";
import { readPayload } from "./outputs.ts";
import type { RunServices } from "./run-services.ts";

/**
 * Remembers what a judged task taught: what was asked, what changed, what blocked earlier attempts, which gates passed.
 * What the journal shows is `observed`; the agent's own words stand in it as a quotation.
 */
export async function rememberOutcome(
  services: RunServices,
  task: Task,
  ref: ExecutionRef,
  changed: readonly string[],
  { log, emit }: WorkContext,
): Promise<void> {
  if (task.work.kind !== "instructions") return;
  const { plan, runId, namespace, storage } = services;
  const facts = log.projection.task(task.id);
  const passed = facts.judgements.filter(
    ({ attempt, verdict }) => attempt === ref.attempt && verdict === "pass",
  );
  const report = facts.report === undefined ? undefined : await readPayload(services, facts.report);
  const blocked = facts.rejections.map(
    ({ attempt, summary }) => `Attempt ${attempt} was blocked: ${summary}`,
  );
  const content = [
    `Task '${task.id}' of plan '${plan.name}': ${task.work.instructions.trim()}`,
    changed.length === 0 ? "It changed no file." : `It changed ${changed.join(", ")}.`,
    ...blocked,
    passed.length === 0 ? "" : `Attempt ${ref.attempt} passed ${passed.map(({ gate }) => gate).join(", ")}.`,
    typeof report === "string" && report !== "" ? `Its report said: "${report.trim().slice(0, 2000)}"` : "",
  ]
    .filter((line) => line !== "")
    .join("\n");
  const summary =
    blocked.length === 0
      ? `'${task.id}' of '${plan.name}' passed at its first attempt`
      : `'${task.id}' of '${plan.name}' passed after ${blocked.length} blocked attempt${blocked.length === 1 ? "" : "s"}`;
  const evidence = passed.at(-1)?.subject;
  const id = await storage.store({
    namespace,
    content: services.redact(content),
    summary,
    type: "task",
    // A lesson that cost an attempt is worth more than a plain success.
    importance: blocked.length > 0 ? 8 : 6,
    confidence: 0.9,
    tags: ["outcome", plan.name],
    keywords: changed.slice(0, 20),
    actor: task.work.agent,
    trust: "observed",
    provenance: {
      run: runId as RunId,
      task: task.id,
      attempt: ref.attempt,
      agent: task.work.agent,
      ...(evidence === undefined || evidence === "" ? {} : { evidence }),
    },
    idempotencyKey: `outcome:${runId}:${task.id}:${ref.attempt}`,
    pendingRun: runId,
    metadata: { plan: plan.name, task: task.id, attempts: ref.attempt },
  });
  emit({ type: "memory.stored", task: task.id, attempt: ref.attempt, id, summary });
}
