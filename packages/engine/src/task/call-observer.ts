import type { CallObserver, RunObservation, TaskId } from "@mnemosyne/core";
import { toErrorRecord } from "@mnemosyne/core";
import { accountId, createCallObserver } from "@mnemosyne/context-monitor";
import type { RunServices } from "./run-services.ts";

/** Keeps a task's budget around each model call, and journals the call. */
export function observeCalls(
  services: RunServices,
  call: { readonly task: TaskId; readonly attempt: number; readonly epoch: number; readonly purpose: string },
  emit: (observation: RunObservation) => void,
): CallObserver {
  const { task, attempt, epoch, purpose } = call;
  const { runId, storage, catalog, monitor } = services;
  const agent = accountId(runId, task);
  const budget = createCallObserver({
    ledger: storage.ledger,
    account: agent,
    id: `${runId}/${task}/${attempt}/${epoch}/${purpose}`,
    ...(catalog === undefined ? {} : { catalog }),
    onEvent: (event) => emit({ ...event, task, attempt }),
  });
  return {
    before: (request) => budget.before?.(request),
    async after(request, result) {
      await budget.after?.(request, result);
      const { response, error, durationMs } = result;
      if (response !== undefined) {
        const alerts = monitor.on("alert", ({ id, state, message, usage }) => {
          if (id === agent) emit({ type: "alert.raised", task, attempt, level: state, message, usage });
        });
        monitor.record(agent, response.usage, { task, run: runId, model: response.model });
        alerts();
      }
      emit({
        type: "model.called",
        task,
        attempt,
        purpose,
        provider: response?.provider ?? request.provider,
        model: response?.model ?? request.model,
        usage: response?.usage ?? NOTHING,
        durationMs,
        ...(response === undefined ? {} : { stopReason: response.stopReason }),
        ...(error === undefined ? {} : { error: toErrorRecord(error) }),
      });
    },
  };
}

const NOTHING = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0 };
