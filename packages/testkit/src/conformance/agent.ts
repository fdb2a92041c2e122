import {
  isMnemosyneError,
  type Agent,
  type AgentContext,
  type AgentResult,
  type AgentTask,
} from "@mnemosyne/core";
import { holds, same, soon, type ConformanceCheck } from "./check.ts";

/** A piece of work for an agent; made anew for each check. */
export interface AgentCase {
  readonly task: AgentTask;
  readonly context: AgentContext;
  /** Throws when the work is not done as the task asks. */
  verify?(result: AgentResult): Promise<void>;
  close?(): Promise<void>;
}

/** What the suite needs to exercise an agent. */
export interface AgentConformanceOptions {
  readonly agent: Agent;
  /** Work that the agent can complete. Cases that are open at once must not share files. */
  readonly work: (signal: AbortSignal) => Promise<AgentCase>;
}

const SOON = 5000;

/** What every agent must do. */
export function agentConformance({ agent, work }: AgentConformanceOptions): readonly ConformanceCheck[] {
  const complete = async (): Promise<void> => {
    const agentCase = await work(new AbortController().signal);
    try {
      const result = await agent.execute(agentCase.task, agentCase.context);
      checkResult(result);
      same(result.status, "completed", `status (${JSON.stringify(result)})`);
      await agentCase.verify?.(result);
    } finally {
      await agentCase.close?.();
    }
  };
  return [
    {
      name: "it has a name",
      async run() {
        holds(agent.name !== "", "the name is empty");
      },
    },
    { name: "it completes its work, and its result is data", run: complete },
    {
      name: "it does several tasks at once without mixing them up",
      async run() {
        await Promise.all([complete(), complete(), complete()]);
      },
    },
    {
      name: "it does not begin when its signal has already fired",
      async run() {
        const agentCase = await work(AbortSignal.abort());
        try {
          await endsSoon(agent.execute(agentCase.task, agentCase.context), false);
        } finally {
          await agentCase.close?.();
        }
      },
    },
    {
      name: "an abort in the middle ends it soon",
      async run() {
        const controller = new AbortController();
        const agentCase = await work(controller.signal);
        // The first sign of life is a moment at which the work is under way.
        const abortAtWork = (): void => controller.abort();
        const context: AgentContext = {
          ...agentCase.context,
          heartbeat: abortAtWork,
          emit: abortAtWork,
          observer: { before: abortAtWork },
        };
        try {
          setImmediate(abortAtWork);
          await endsSoon(agent.execute(agentCase.task, context), true);
        } finally {
          await agentCase.close?.();
        }
      },
    },
  ];
}

/** An execution that was under way may have come to its end just then; one that had not begun may not. */
async function endsSoon(call: Promise<AgentResult>, mayComplete: boolean): Promise<void> {
  let result: AgentResult;
  try {
    result = await soon(call, SOON, "an aborted execution");
  } catch (error) {
    holds(
      isMnemosyneError(error) || (error instanceof Error && error.name === "AbortError"),
      `it threw ${String(error)}, which is neither an abort nor a MnemosyneError`,
    );
    return;
  }
  checkResult(result);
  holds(mayComplete || result.status !== "completed", "an aborted execution says that it has completed");
}

function checkResult(result: AgentResult): void {
  holds(
    result.status === "completed" || result.status === "failed",
    `'${(result as { status: string }).status}' is no status`,
  );
  same(JSON.parse(JSON.stringify(result)), result, "the result as JSON");
  if (result.status === "failed")
    holds(
      result.error.code !== undefined && result.error.message !== "",
      "a failure without code or message",
    );
}
