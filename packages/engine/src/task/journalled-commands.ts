import type { AgentContext, ExecutionRef } from "@mnemosyne/core";
import type { WorkContext } from "../run/work.ts";
import type { RunServices } from "./run-services.ts";

/**
 * The runner, journalling the processes that it starts and what held them. A command begins when its process is in the
 * journal: whoever takes the run over can end it, and a worker that was stopped and lost the run begins none.
 */
export function journalledCommands(
  services: RunServices,
  claim: ExecutionRef,
  context: WorkContext,
): AgentContext["commands"] {
  const at = { task: claim.task, attempt: claim.attempt };
  return {
    async run(command, options) {
      const result = await services.commands.run(command, {
        ...options,
        async onSpawn(process) {
          const { pid, startedAt } = process;
          const started = { type: "process.started" as const, ...at, epoch: claim.epoch, pid, startedAt };
          await context.append({ inputs: [], observations: [{ ...started, host: services.host }] });
          await options.onSpawn?.(process);
        },
        onOutput(stream, text) {
          context.beat();
          options.onOutput?.(stream, text);
        },
      });
      if (options.sandbox !== "off")
        context.emit({
          type: "sandbox.applied",
          ...at,
          level: result.sandbox.level,
          missing: result.sandbox.missing,
        });
      return result;
    },
  };
}
