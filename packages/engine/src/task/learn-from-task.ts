import { isMnemosyneError, toErrorRecord, type GateJudgement, type Task } from "@mnemosyne/core";
import type { WorkContext } from "../run/work.ts";
import { readPayload } from "./outputs.ts";
import type { RunServices } from "./run-services.ts";

type Judged = GateJudgement & { readonly attempt: number };

/**
 * Learns from how an agent's task ended: what a gate blocked and a later attempt passed goes into the namespace's playbook, items
 * that stood in the context are counted. May be repeated: an outcome is learnt once. What a reflector of one's own throws
 * is noted in the journal and does not fail the task, which is judged already.
 */
export async function learnFromTask(
  services: RunServices,
  task: Task,
  { log, signal, emit }: WorkContext,
): Promise<void> {
  const { learner, namespace, runId, modelGates, redact } = services;
  if (learner === undefined || task.work.kind !== "instructions") return;
  const facts = log.projection.task(task.id);
  const attempts = attemptsOf(facts.judgements);
  const last = attempts.at(-1)?.attempt;
  if (last === undefined || facts.learntAt === last) return;
  const at = { task: task.id, attempt: last };
  try {
    const report = facts.report === undefined ? undefined : await readPayload(services, facts.report);
    const applied = await learner.learn(
      {
        namespace,
        run: runId,
        task: task.id,
        instructions: redact(task.work.instructions),
        agent: task.work.agent,
        attempts: attempts.map((judged, index) =>
          index < attempts.length - 1
            ? judged
            : { ...judged, changed: facts.merged, ...(typeof report === "string" ? { report } : {}) },
        ),
        used: facts.playbook.flatMap(ownItem),
        judgedByModel: [...modelGates],
      },
      { signal },
    );
    if (applied !== undefined)
      emit({ type: "playbook.learnt", ...at, namespace, version: applied.version, ids: applied.ids });
  } catch (error) {
    if (signal.aborted || (isMnemosyneError(error) && error.code.startsWith("E_STORAGE"))) throw error;
    emit({ type: "note", ...at, text: `Nothing was learnt from it: ${toErrorRecord(error).message}` });
  }
}

/** Each attempt with what each gate said of it last: a gate judges again when the tree was rebased, or after an error. */
function attemptsOf(judgements: readonly Judged[]): readonly {
  readonly attempt: number;
  readonly gates: readonly GateJudgement[];
}[] {
  const attempts = new Map<number, Map<string, GateJudgement>>();
  for (const { attempt, ...judgement } of judgements) {
    const gates = attempts.get(attempt) ?? new Map<string, GateJudgement>();
    attempts.set(attempt, gates.set(judgement.gate, judgement));
  }
  return Array.from(attempts, ([attempt, gates]) => ({ attempt, gates: [...gates.values()] })).toSorted(
    (a, b) => a.attempt - b.attempt,
  );
}

/** The item's id in the playbook of the run's own namespace; what stood in from above it is counted by nobody. */
function ownItem(id: string): readonly string[] {
  const own = /^playbook:([^:]+)$/.exec(id)?.[1];
  return own === undefined ? [] : [own];
}
