import {
  isMnemosyneError,
  toErrorRecord,
  type ExecutionRef,
  type Finding,
  type GateJudgement,
  type GateSubject,
  type GateUse,
  type Json,
  type ReviewResult,
  type Task,
  type Workspace,
} from "@mnemosyne/core";
import { taskOf } from "../run/task-of.ts";
import { retryFindings } from "@mnemosyne/reviewer";
import { openShared, type Manifest, type Tree } from "@mnemosyne/workspace";
import { payloadOf } from "../run/payload.ts";
import type { WorkContext, WorkResult } from "../run/work.ts";
import { observedModel } from "./observed-model.ts";
import { landTree } from "./land-tree.ts";
import { learnFromTask } from "./learn-from-task.ts";
import { rememberOutcome } from "./outcome-memory.ts";
import { conditionsOn, readPayload } from "./outputs.ts";
import type { RunServices } from "./run-services.ts";
import type { TreeStore } from "./tree-store.ts";

/**
 * Judges an execution: gates first, then its tree is merged, then its memories become visible. What did not pass goes
 * back with its findings.
 */
export async function reviewTask(
  services: RunServices,
  trees: TreeStore,
  ref: ExecutionRef,
  context: WorkContext,
): Promise<WorkResult> {
  const { log, signal } = context;
  const { task } = taskOf(log.state, ref.task);
  try {
    const tree = task.isolation === "tree" ? await trees.reopen(ref, task.writes) : undefined;
    if (task.isolation === "tree" && tree === undefined)
      return reject(services, ref, "inconclusive", lostTree(ref), [LOST], false);
    const workspace = tree ?? (await openShared(services.workspace));
    // Read before the gates: what they judge is what may land, whatever their commands leave behind.
    const judged = await tree?.manifest({ signal });
    const review = await judge(services, task, ref, workspace, task.gates, context);
    if (review.verdict === "error") return unjudged(ref, review);
    if (review.verdict !== "pass")
      return reject(services, ref, review.verdict, review.fingerprint, findingsOf(review), review.regressed);
    const landing = tree === undefined || judged === undefined ? undefined : { tree, judged };
    return await complete(services, trees, task, ref, landing, context);
  } catch (error) {
    if (signal.aborted) return { inputs: [{ type: "task.aborted", ...ref, outcome: "unknown" }] };
    if (isMnemosyneError(error) && error.kind === "unavailable" && error.code.startsWith("E_STORAGE"))
      throw error;
    return { inputs: [{ type: "review.failed", ...ref, error: toErrorRecord(error) }] };
  }
}

async function complete(
  services: RunServices,
  trees: TreeStore,
  task: Task,
  ref: ExecutionRef,
  landing: { readonly tree: Tree; readonly judged: Manifest } | undefined,
  context: WorkContext,
): Promise<WorkResult> {
  const { log } = context;
  const facts = log.projection.task(task.id);
  const output = facts.output === undefined ? undefined : await readPayload(services, facts.output);
  const landed =
    landing === undefined
      ? undefined
      : await landTree(services, task, ref, landing, context, (rebased) =>
          judge(services, task, ref, rebased, programGates(services, task.gates), context),
        );
  if (landed?.outcome === "conflict") {
    await trees.dropAttempt(task.id, ref.attempt);
    return reject(services, ref, "fail", `merge.conflict:${landed.paths.join(",")}`, landed.findings, false);
  }
  if (landed?.outcome === "rejected") {
    const { review } = landed;
    if (review.verdict === "error") return unjudged(ref, review);
    return reject(services, ref, "fail", review.fingerprint, findingsOf(review), review.regressed);
  }
  await rememberOutcome(services, task, ref, landed?.paths ?? [], context);
  return {
    settled: () => settleTask(services, trees, task, context),
    inputs: [
      {
        type: "task.completed",
        ...ref,
        ...(facts.output === undefined ? {} : { output: facts.output }),
        ...(landed === undefined ? {} : { tree: landed.tree }),
        ...conditionsOn(log, task.id, output),
      },
    ],
    observations: landed?.observations ?? [],
    payloads: landed?.payloads ?? [],
  };
}

/** What follows a judged completion: its memories are for all, what its reviews taught is learnt, its trees are done with. */
export async function settleTask(
  services: RunServices,
  trees: TreeStore,
  task: Task,
  context: WorkContext,
): Promise<void> {
  await services.storage.settlePending(services.runId, task.id, "promote");
  await learnFromTask(services, task, context);
  await trees.dropTask(task.id);
}

/** Runs gates on a folder and journals each judgement. */
export async function judge(
  services: RunServices,
  task: Task,
  ref: ExecutionRef,
  workspace: Workspace,
  gates: readonly GateUse[],
  context: WorkContext,
): Promise<ReviewResult> {
  if (gates.length === 0) return { verdict: "pass", gates: [], fingerprint: "", regressed: false };
  const { log, signal, emit } = context;
  const subject = await subjectOf(services, task, ref, workspace, context);
  const model = observedModel(services, { ...ref, purpose: "review" }, emit);
  return await services.gates.review(subject, gates, {
    commands: services.commands,
    signal,
    history: historyOf(log.projection.task(task.id).judgements, ref.attempt),
    onJudged: ({ gate, verdict, findings, subject: judged, durationMs, passed }) => {
      context.beat();
      emit({
        type: "gate.judged",
        task: task.id,
        attempt: ref.attempt,
        gate,
        verdict,
        findings,
        subject: judged,
        durationMs,
        ...(passed === undefined ? {} : { passed }),
      });
    },
    ...(model === undefined ? {} : { model }),
  });
}

async function subjectOf(
  services: RunServices,
  task: Task,
  ref: ExecutionRef,
  workspace: Workspace,
  { log }: WorkContext,
): Promise<GateSubject> {
  const { plan, runId } = services;
  const facts = log.projection.task(task.id);
  const report = facts.report === undefined ? undefined : await readPayload(services, facts.report);
  const output = facts.output === undefined ? undefined : await readPayload(services, facts.output);
  return {
    runId,
    task: task.id,
    attempt: ref.attempt,
    instructions: task.work.kind === "instructions" ? task.work.instructions : "",
    goal: plan.goal,
    constraints: plan.constraints,
    successCriteria: plan.successCriteria,
    workspace,
    changes: await workspace.changes(),
    tree: await workspace.hash(),
    effects: facts.tools.filter(({ attempt }) => attempt === ref.attempt),
    earlier: plan.tasks.flatMap(({ id }) =>
      id === task.id
        ? []
        : log.projection.task(id).judgements.map(({ gate, verdict }) => ({ task: id, gate, verdict })),
    ),
    ...(plan.testCommand === undefined ? {} : { testCommand: plan.testCommand }),
    ...(typeof report === "string" ? { report } : {}),
    ...(output === undefined ? {} : { output }),
  };
}

function historyOf(
  judgements: readonly (GateJudgement & { readonly attempt: number })[],
  attempt: number,
): readonly ReviewResult[] {
  const history: ReviewResult[] = [];
  for (let earlier = 1; earlier < attempt; earlier++) {
    const gates = judgements.filter((judgement) => judgement.attempt === earlier);
    const verdict = gates.every((gate) => gate.verdict === "pass") ? "pass" : "fail";
    if (gates.length > 0) history.push({ verdict, gates, fingerprint: "", regressed: false });
  }
  return history;
}

function programGates(services: RunServices, gates: readonly GateUse[]): readonly GateUse[] {
  return gates.filter(({ gate }) => !services.modelGates.has(gate));
}

function unjudged(ref: ExecutionRef, review: ReviewResult): WorkResult {
  const broken = review.gates.find(({ verdict }) => verdict === "error");
  return {
    inputs: [
      {
        type: "review.failed",
        ...ref,
        error: {
          code: "E_GATE",
          kind: "waiting",
          message: `The gate '${broken?.gate ?? "?"}' could not judge: ${broken?.findings[0]?.message ?? "no reason given"}.`,
        },
      },
    ],
  };
}

/** Sends an attempt back, with the findings that the next one may see. */
export function reject(
  services: Pick<RunServices, "redact">,
  ref: ExecutionRef,
  verdict: "fail" | "error" | "inconclusive",
  fingerprint: string,
  findings: readonly Finding[],
  regressed: boolean,
): WorkResult {
  const kept = retryFindings(ref.attempt, findings);
  const payload = payloadOf(JSON.parse(services.redact(JSON.stringify(kept))) as Json);
  const blocker = findings.find(({ severity }) => severity === "blocker") ?? findings[0];
  return {
    inputs: [
      {
        type: "task.rejected",
        ...ref,
        verdict,
        fingerprint,
        regressed,
        findings: payload.ref,
        ...(blocker === undefined ? {} : { summary: `${blocker.rule}: ${blocker.message}` }),
      },
    ],
    payloads: [payload],
  };
}

function findingsOf(review: ReviewResult): readonly Finding[] {
  return review.gates.flatMap(({ findings, verdict }) => (verdict === "pass" ? [] : findings));
}

const LOST: Finding = {
  rule: "tree.lost",
  severity: "blocker",
  message: "The folder that the attempt worked in is gone; the work has to be done again.",
};

function lostTree(ref: ExecutionRef): string {
  return `tree.lost:${ref.task}`;
}
