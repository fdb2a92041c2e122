import { MnemosyneError } from "@mnemosyne/core";
import {
  PHASES,
  type Documents,
  type FullSpec,
  type Phase,
  type PlannedWork,
  type Spec,
} from "./documents.ts";
import { exitCriteria, type ExitCriterion } from "./exit-criteria.ts";

/** Where a piece of work stands in the Work Plan Protocol. Data: every change is a new value. */
export interface ProtocolState {
  readonly prompt: string;
  /** The phase that is being worked on; `done` once the artifacts are accepted. */
  readonly phase: Phase | "done";
  readonly documents: Documents;
  readonly skipped: readonly Phase[];
  /** What happened, oldest first. */
  readonly history: readonly ProtocolEvent[];
}

/** What moves a piece of work through the protocol. */
export type ProtocolEvent =
  | { readonly type: "drafted"; readonly phase: "spec"; readonly document: Spec }
  | { readonly type: "drafted"; readonly phase: "fullSpec"; readonly document: FullSpec }
  | { readonly type: "drafted"; readonly phase: "plan"; readonly document: PlannedWork }
  | { readonly type: "answered"; readonly question: string; readonly answer: string }
  /** Leaves the current phase; refused while a criterion is not met. */
  | { readonly type: "accepted"; readonly phase: Phase; readonly by: string }
  /** Leaves the current phase without its work; what the prompt says has to do. */
  | { readonly type: "skipped"; readonly phase: Phase; readonly reason: string }
  /** Goes back: documents of later phases are void. */
  | { readonly type: "rolledBack"; readonly to: Phase; readonly reason: string };

/** The beginning: a prompt, and nothing else. */
export function startProtocol(prompt: string): ProtocolState {
  if (prompt.trim() === "")
    throw new MnemosyneError("E_INPUT", "There is no prompt: say what is wanted.", {
      kind: "input",
      path: "prompt",
    });
  return { prompt, phase: "spec", documents: {}, skipped: [], history: [] };
}

/** The criteria of the current phase that are not met. */
export function openCriteria(state: ProtocolState): readonly ExitCriterion[] {
  if (state.phase === "done") return [];
  return exitCriteria(state.phase, state.documents).filter(({ met }) => !met);
}

/**
 * The state after an event. Throws `E_CONFLICT` for an event that the phase does not allow, and for an acceptance while
 * an exit criterion is not met; `details` names them.
 */
export function advanceProtocol(state: ProtocolState, event: ProtocolEvent): ProtocolState {
  const history = [...state.history, event];
  switch (event.type) {
    case "drafted":
      expectPhase(state, event.phase, "be drafted");
      return { ...state, history, documents: { ...state.documents, [event.phase]: event.document } };
    case "answered":
      return { ...state, history, documents: answered(state.documents, event.question, event.answer) };
    case "accepted": {
      expectPhase(state, event.phase, "be accepted");
      const open = openCriteria(state);
      if (open.length > 0)
        throw new MnemosyneError(
          "E_CONFLICT",
          `The phase '${event.phase}' cannot be left: ${open.flatMap(({ missing }) => missing).join("; ")}.`,
          {
            kind: "conflict",
            path: event.phase,
            details: open.map(({ name, missing }) => ({ name, missing: [...missing] })),
          },
        );
      return { ...state, history, phase: after(event.phase) };
    }
    case "skipped":
      expectPhase(state, event.phase, "be skipped");
      return {
        ...state,
        history,
        phase: after(event.phase),
        documents: withoutWork(state, event.phase),
        skipped: [...state.skipped, event.phase],
      };
    default: {
      const to = PHASES.indexOf(event.to);
      if (to >= place(state.phase))
        throw new MnemosyneError(
          "E_CONFLICT",
          `There is no way back from '${state.phase}' to '${event.to}'.`,
          {
            kind: "conflict",
            path: "to",
          },
        );
      const kept = new Set(PHASES.slice(0, to));
      const documents = Object.fromEntries(
        Object.entries(state.documents).filter(([phase]) => kept.has(phase as Phase)),
      ) as Documents;
      return {
        ...state,
        history,
        documents,
        phase: event.to,
        skipped: state.skipped.filter((phase) => kept.has(phase)),
      };
    }
  }
}

/** What the phases after a skipped one rely on instead: the prompt as the one requirement, and as the one task. */
function withoutWork({ documents, prompt }: ProtocolState, phase: Phase): Documents {
  if (phase === "spec") {
    const title = prompt.trim().split(/\s+/).slice(0, 8).join(" ");
    const requirements = [{ id: "R1", text: prompt, acceptance: prompt }];
    return {
      ...documents,
      spec: { title, intent: prompt, stack: [], constraints: [], requirements, questions: [] },
    };
  }
  if (phase !== "plan") return documents;
  const { spec, fullSpec } = documents;
  const task = {
    id: "work",
    instructions: prompt,
    dependsOn: [],
    reads: [],
    writes: [],
    requirements: (spec?.requirements ?? []).map(({ id }) => id),
    tests: (fullSpec?.tests ?? []).map(({ id }) => id),
  };
  return { ...documents, plan: { testCommand: "", tasks: [task] } };
}

function expectPhase(state: ProtocolState, phase: Phase, what: string): void {
  if (state.phase === phase) return;
  throw new MnemosyneError(
    "E_CONFLICT",
    `The phase '${phase}' cannot ${what} now: the work is at '${state.phase}'.`,
    {
      kind: "conflict",
      path: "phase",
    },
  );
}

function place(phase: Phase | "done"): number {
  return phase === "done" ? PHASES.length : PHASES.indexOf(phase);
}

function after(phase: Phase): Phase | "done" {
  return PHASES[PHASES.indexOf(phase) + 1] ?? "done";
}

function answered(documents: Documents, id: string, answer: string): Documents {
  const { spec } = documents;
  if (spec === undefined || !spec.questions.some((question) => question.id === id))
    throw new MnemosyneError("E_CONFLICT", `There is no question '${id}'.`, {
      kind: "conflict",
      path: "question",
    });
  const questions = spec.questions.map((question) =>
    question.id === id ? { ...question, answer } : question,
  );
  return { ...documents, spec: { ...spec, questions } };
}
