import {
  MnemosyneError,
  type Agent,
  type AgentContext,
  type AgentResult,
  type AgentTask,
  type Task,
} from "@mnemosyne/core";
import type { WorkContext } from "../run/work.ts";
import type { KeptWork } from "./kept-work.ts";
import type { RunServices } from "./run-services.ts";

/**
 * Lets the task's agent do the work, or the one that it was handed to in this attempt. An agent hands over once, with the
 * state that was kept last; from the moment that it is journalled the attempt is the other one's, whatever process goes on.
 */
export async function runAgent(
  services: RunServices,
  described: AgentTask,
  equipped: AgentContext,
  kept: KeptWork | undefined,
  context: WorkContext,
): Promise<AgentResult> {
  const { definition: task, attempt } = described;
  const at = { task: task.id, attempt };
  const withCheckpoint = (agent: Agent): AgentContext =>
    kept === undefined ? equipped : { ...equipped, checkpoint: kept.checkpointOf(agent.name) };
  const carryOn = async (from: string, to: Agent, reason: string): Promise<AgentResult> => {
    const result = await to.execute({ ...described, handedOver: { from, reason } }, withCheckpoint(to));
    context.emit({ type: "handoff.completed", ...at, from, to: to.name });
    return result;
  };
  const handed = context.log.projection.task(task.id).handed;
  if (handed?.attempt === attempt)
    return await carryOn(handed.from, named(services, task, handed.to), handed.reason);
  const agent = agentOf(services, task);
  if (task.work.kind !== "instructions") return await agent.execute(described, equipped);
  return await agent.execute(described, {
    ...withCheckpoint(agent),
    handOffTo: [...services.agents.keys()].filter((name) => name !== agent.name),
    async handOff(name, reason) {
      const to = services.agents.get(name);
      if (to === undefined || to === agent)
        throw new MnemosyneError(
          "E_INPUT",
          `Task '${task.id}' cannot be handed to '${name}'; there are ${[...services.agents.keys()].join(", ")}.`,
          { kind: "input", path: "to" },
        );
      const handoff = { ...at, from: agent.name, to: name, reason };
      await context.append({
        inputs: [],
        observations: [
          { type: "handoff.offered", ...handoff },
          { type: "handoff.accepted", ...handoff },
        ],
      });
      return await carryOn(agent.name, to, reason);
    },
  });
}

function agentOf(services: RunServices, task: Task): Agent {
  return task.work.kind === "instructions" ? named(services, task, task.work.agent) : services.executor;
}

function named(services: RunServices, task: Task, name: string): Agent {
  const agent = services.agents.get(name);
  if (agent !== undefined) return agent;
  throw new MnemosyneError(
    "E_PLAN_INVALID",
    `Task '${task.id}' names the agent '${name}', which is not registered; register it in mnemosyne.config or give it to the engine.`,
    { kind: "input", path: "agent" },
  );
}
