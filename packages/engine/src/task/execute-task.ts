import {
  AgentMemory,
  isAbortError,
  isMnemosyneError,
  MnemosyneError,
  toErrorRecord,
  type AgentContext,
  type AgentTask,
  type ErrorRecord,
  type ExecutionRef,
  type Finding,
  type Json,
  type RunInput,
  type RunObservation,
  type Task,
  type Workspace,
} from "@mnemosyne/core";
import { accountId, budgetLimit } from "@mnemosyne/context-monitor";
import type { LeaseHandle } from "@mnemosyne/coordinator";
import { taskOf } from "../run/task-of.ts";
import { openShared } from "@mnemosyne/workspace";
import { payloadOf } from "../run/payload.ts";
import type { WorkContext, WorkResult } from "../run/work.ts";
import { observeCalls } from "./call-observer.ts";
import { failureFingerprint } from "./failure-fingerprint.ts";
import { journalledCommands } from "./journalled-commands.ts";
import { openKeptWork } from "./kept-work.ts";
import { conditionsOn, elementOf, inputsOf, readPayload } from "./outputs.ts";
import { runAgent } from "./run-agent.ts";
import type { RunServices } from "./run-services.ts";
import { decideWithModel } from "./model-decider.ts";
import { taskKey } from "./task-key.ts";
import { limitTime } from "./time-limit.ts";
import type { TreeStore } from "./tree-store.ts";

/** Does one execution of a task: leases, budget, tree, context, agent; and says what came of it. */
export async function executeTask(
  services: RunServices,
  trees: TreeStore,
  claim: ExecutionRef & { readonly escalation: AgentTask["escalation"] },
  context: WorkContext,
): Promise<WorkResult> {
  const { log } = context;
  const { task } = taskOf(log.state, claim.task);
  const ref: ExecutionRef = { task: claim.task, attempt: claim.attempt, epoch: claim.epoch };
  const limit = limitTime(context.signal, earliest(task.timeout, task.budget.time), task.id);
  let leases: readonly LeaseHandle[] = [];
  try {
    leases = await takeLeases(services, task, ref, context);
    if (task.work.kind === "instructions") await openAccount(services, task, claim);
    const result = await performWork(services, trees, task, claim, context, limit);
    limit.signal.throwIfAborted();
    return result;
  } catch (error) {
    return { inputs: [ended(services, ref, task, context.signal, limit.signal, error)] };
  } finally {
    limit.clear();
    services.monitor.forget(accountId(services.runId, task.id));
    for (const lease of leases) {
      await lease.release();
      context.emit({
        type: "lease.released",
        task: task.id,
        attempt: claim.attempt,
        resources: lease.resources,
        mode: lease.mode,
        token: lease.token,
      });
    }
  }
}

async function performWork(
  services: RunServices,
  trees: TreeStore,
  task: Task,
  claim: ExecutionRef & { readonly escalation: AgentTask["escalation"] },
  context: WorkContext,
  limit: { readonly signal: AbortSignal; readonly left: () => number },
): Promise<WorkResult> {
  const { log } = context;
  const ref: ExecutionRef = { task: claim.task, attempt: claim.attempt, epoch: claim.epoch };
  const opened = task.isolation === "tree" ? await trees.open(ref, task.writes, limit.signal) : undefined;
  const key = await taskKey(services, task, claim.attempt === 1 ? opened?.base : undefined, limit.signal);
  const kept =
    task.work.kind === "instructions"
      ? await openKeptWork(services, trees, { ...ref, writes: task.writes }, opened, context)
      : undefined;
  const tree = kept === undefined ? opened : kept.tree;
  const workspace: Workspace =
    tree ??
    (await openShared(services.workspace, {
      base: "none",
      ...(task.writes === undefined ? {} : { writes: task.writes }),
    }));
  const keyed: RunObservation = { type: "task.keyed", task: task.id, attempt: claim.attempt, ...key };
  const agentTask = await describe(services, task, claim, context);
  const agentContext = await equip(services, task, claim, agentTask, workspace, context, limit);
  const result = await runAgent(services, agentTask, agentContext, kept, context);
  if (result.status === "failed")
    return { inputs: [failed(services, ref, task, result.error, result.retryable)] };
  const output = result.output === undefined ? undefined : payloadOf(redacted(services, result.output));
  if (!taskOf(log.state, task.id).needsReview)
    return {
      inputs: [
        {
          type: "task.completed",
          ...ref,
          ...(output === undefined ? {} : { output: output.ref }),
          ...conditionsOn(log, task.id, result.output),
        },
      ],
      observations: [keyed],
      payloads: output === undefined ? [] : [output],
    };
  const report = result.report === undefined ? undefined : payloadOf(services.redact(result.report));
  return {
    inputs: [
      {
        type: "task.executed",
        ...ref,
        ...(output === undefined ? {} : { output: output.ref }),
        ...(report === undefined ? {} : { report: report.ref }),
        ...(tree === undefined ? {} : { tree: await tree.hash() }),
      },
    ],
    observations: [keyed],
    payloads: [output, report].filter((payload) => payload !== undefined),
  };
}

async function describe(
  services: RunServices,
  task: Task,
  claim: ExecutionRef & { readonly escalation: AgentTask["escalation"] },
  { log }: WorkContext,
): Promise<AgentTask> {
  const facts = log.projection.task(task.id);
  const findings =
    facts.findings === undefined
      ? []
      : ((await readPayload(services, facts.findings)) as unknown as Finding[]);
  const element = await elementOf(services, log, task.id);
  return {
    runId: services.runId,
    definition: task,
    attempt: claim.attempt,
    epoch: claim.epoch,
    goal: services.plan.goal,
    constraints: services.plan.constraints,
    inputs: await inputsOf(services, log, task.id),
    findings: claim.attempt > 1 ? findings : [],
    answers: facts.answers.filter((answer) => answer.text !== ""),
    escalation: claim.escalation,
    ...(element === undefined ? {} : { element }),
  };
}

async function equip(
  services: RunServices,
  task: Task,
  claim: ExecutionRef,
  described: AgentTask,
  workspace: Workspace,
  context: WorkContext,
  limit: { readonly signal: AbortSignal; readonly left: () => number },
): Promise<AgentContext> {
  const { runId, plan, namespace, storage, model, assembler } = services;
  const { emit } = context;
  const at = { task: task.id, attempt: claim.attempt };
  const observer = observeCalls(services, { ...claim, purpose: "work" }, emit);
  const memory = new AgentMemory({
    store: storage,
    namespace,
    agent: task.work.kind === "instructions" ? task.work.agent : task.work.kind,
    provenance: { run: runId as never, ...at },
    pendingRun: runId,
    onEvent: (event) => emit({ ...event, ...at }),
    ...(model === undefined ? {} : { decider: decideWithModel(model, observer, limit.signal) }),
  });
  const payload =
    task.work.kind === "instructions"
      ? await assembler.buildContext({
          task: { id: task.id, reads: task.reads, instructions: task.work.instructions },
          goal: plan.goal,
          constraints: plan.constraints,
          successCriteria: plan.successCriteria,
          namespace,
          budget: Math.min(
            services.contextTokens,
            task.budget.tokens ?? Infinity,
            plan.budget.tokens ?? Infinity,
          ),
          inputs: described.inputs,
          findings: described.findings,
          attempt: claim.attempt,
          answers: described.answers,
          workspace,
          runId,
          signal: limit.signal,
        })
      : undefined;
  if (payload !== undefined)
    emit({
      type: "context.assembled",
      ...at,
      tokens: payload.tokens,
      budget: payload.budget,
      sections: payload.sections.map(({ name, tokens, items }) => ({ name, tokens, items: items.length })),
      dropped: payload.dropped.length,
      recalled: payload.recalled,
      playbook: payload.sections.flatMap(({ items }) =>
        items.flatMap(({ id, source }) => (source === "playbook" ? [id] : [])),
      ),
    });
  return {
    signal: limit.signal,
    idempotencyKey: `${runId}:${task.id}:${claim.attempt}`,
    memory,
    observer,
    tools: services.tools,
    workspace,
    commands: journalledCommands(services, claim, context),
    ...(payload === undefined ? {} : { payload }),
    ...(model === undefined ? {} : { model }),
    ...(limit.left() === Infinity ? {} : { timeLeft: limit.left }),
    async spawn(tasks) {
      const { stale } = await context.append({
        inputs: [{ type: "task.added", ...at, tasks, reason: "subagent", parent: task.id }],
      });
      const refused = stale[0];
      if (refused !== undefined)
        throw new MnemosyneError("E_INPUT", `The tasks were not added: ${refused.reason}`, {
          kind: "input",
          path: "tasks",
        });
    },
    ask(question) {
      throw new MnemosyneError("E_WAITING", question, { kind: "waiting", details: { question } });
    },
    heartbeat(note) {
      context.beat();
      if (note !== undefined) emit({ type: "note", ...at, text: note });
    },
    emit,
  };
}

async function takeLeases(
  services: RunServices,
  task: Task,
  ref: ExecutionRef,
  context: WorkContext,
): Promise<readonly LeaseHandle[]> {
  const { coordinator, workspace, runId, worker, leasesFor } = services;
  const leases: LeaseHandle[] = [];
  try {
    for (const { mode, resources } of leasesFor(task)) {
      const lease = await coordinator.acquire({
        resources: resources.map((glob) => `${workspace}/${glob}`),
        mode,
        owner: `${runId}/${task.id}`,
        signal: context.signal,
        metadata: { worker },
      });
      leases.push(lease);
      const { token } = lease;
      context.emit({ type: "lease.granted", task: task.id, attempt: ref.attempt, resources, mode, token });
    }
    return leases;
  } catch (error) {
    for (const lease of leases) await lease.release();
    throw error;
  }
}

async function openAccount(services: RunServices, task: Task, claim: ExecutionRef): Promise<void> {
  const { storage, runId } = services;
  const account = accountId(runId, task.id);
  await storage.ledger.open({ id: account, parent: accountId(runId), limit: budgetLimit(task.budget) });
  // A later claim means that the worker before is gone: what it had sent counts in full.
  if (claim.epoch > 1) await storage.ledger.presume(account);
}

/** Turns what was thrown into the input that ends the execution. */
function ended(
  services: RunServices,
  ref: ExecutionRef,
  task: Task,
  outer: AbortSignal,
  limited: AbortSignal,
  thrown: unknown,
): RunInput {
  if (outer.aborted) return { type: "task.aborted", ...ref, outcome: "unknown" };
  const error = limited.aborted && isAbortLike(thrown) ? (limited.reason as unknown) : thrown;
  if (isMnemosyneError(error)) {
    const details = error.details as Readonly<Record<string, Json | undefined>> | undefined;
    if (error.code === "E_WAITING") {
      const text = typeof details?.["question"] === "string" ? details["question"] : error.message;
      return { type: "question.asked", ...ref, question: `${ref.attempt}.${ref.epoch}`, text };
    }
    if (error.code === "E_BUDGET")
      return {
        type: "budget.refused",
        ...ref,
        scope: details?.["scope"] === "run" ? "run" : "task",
        outcome: "stop",
        message: error.message,
      };
  }
  const record = toErrorRecord(error);
  const retryable = isMnemosyneError(error) ? error.retryable : false;
  return failed(services, ref, task, record, retryable);
}

function failed(
  services: RunServices,
  ref: ExecutionRef,
  task: Task,
  error: ErrorRecord,
  retryable: boolean,
): RunInput {
  return {
    type: "task.failed",
    ...ref,
    error,
    retryable,
    fingerprint: failureFingerprint(task.id, error),
    jitter: services.random(),
  };
}

function isAbortLike(error: unknown): boolean {
  return isAbortError(error) || (isMnemosyneError(error) && error.code === "E_CANCELLED");
}

function earliest(...times: readonly (number | undefined)[]): number | undefined {
  const given = times.filter((time) => time !== undefined);
  return given.length === 0 ? undefined : Math.min(...given);
}

function redacted(services: RunServices, value: Json): Json {
  return JSON.parse(services.redact(JSON.stringify(value))) as Json;
}
