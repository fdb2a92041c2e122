import type { Plan, PlanFinding, Task } from "@mnemosyne/core";
import { didYouMean } from "../nearest.ts";

/** What is there when a plan is to run. A list that is not given is not checked. */
export interface PlanEnvironment {
  readonly agents?: readonly string[];
  readonly gates?: readonly string[];
  readonly tools?: readonly string[];
  /** Whether a model can be called. */
  readonly hasModel?: boolean;
  /** Agents that cannot work without a model. Default: `executor`. */
  readonly modelAgents?: readonly string[];
}

/** Unknown names, model tasks without a model, and model tasks without a bound on what they may cost. */
export function checkEnvironment(plan: Plan, environment: PlanEnvironment): PlanFinding[] {
  const findings: PlanFinding[] = [];
  const unknown = (what: string, path: string, name: string, known: readonly string[] | undefined): void => {
    if (known === undefined || known.includes(name)) return;
    findings.push({
      severity: "error",
      rule: `unknown${what[0]?.toUpperCase()}${what.slice(1)}`,
      path,
      message: `There is no ${what} '${name}'.`,
      fix: didYouMean(
        name,
        known,
        known.length === 0 ? `No ${what}s are known.` : `Known are: ${known.join(", ")}.`,
      ),
    });
  };
  for (const [index, task] of plan.tasks.entries()) {
    const path = `tasks[${index}]`;
    if (task.work.kind === "instructions")
      unknown("agent", `${path}.agent`, task.work.agent, environment.agents);
    for (const [place, { gate }] of task.gates.entries())
      unknown("gate", `${path}.gates[${place}]`, gate, environment.gates);
    for (const [place, tool] of (task.tools ?? []).entries())
      unknown("tool", `${path}.tools[${place}]`, tool, environment.tools);
    checkModel(plan, task, path, environment, findings);
  }
  for (const [place, { gate }] of plan.finalGates.entries())
    unknown("gate", `finalGates[${place}]`, gate, environment.gates);
  return findings;
}

function checkModel(
  plan: Plan,
  task: Task,
  path: string,
  environment: PlanEnvironment,
  findings: PlanFinding[],
): void {
  if (task.work.kind !== "instructions" || environment.hasModel === undefined) return;
  const needsModel = (environment.modelAgents ?? ["executor"]).includes(task.work.agent);
  if (!environment.hasModel) {
    if (needsModel)
      findings.push({
        severity: "error",
        rule: "noModel",
        path,
        message: `Task '${task.id}' is work for the agent '${task.work.agent}', which needs a model, and there is none.`,
        fix: "Set ANTHROPIC_API_KEY, give a model in mnemosyne.config, or run with --script FILE.",
      });
    return;
  }
  if ([plan.budget, task.budget].some(({ tokens, usd }) => tokens !== undefined || usd !== undefined)) return;
  findings.push({
    severity: needsModel ? "error" : "warning",
    rule: "noBound",
    path,
    message: `Nothing bounds what the model calls of task '${task.id}' may cost.`,
    fix: "Give the plan or the task a budget, such as 'budget: { usd: 1 }' or 'budget: { tokens: 100000 }'.",
  });
}
