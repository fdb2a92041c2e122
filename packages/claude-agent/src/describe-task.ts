import type { AgentContext, AgentTask } from "@mnemosyne/core";

/** What Claude Code is asked: the assembled context where there is one, else the task as it is. */
export function describeTask(task: AgentTask, { payload }: AgentContext): string {
  if (payload !== undefined) return payload.text;
  const { work } = task.definition;
  const parts = [
    ...(task.goal === "" ? [] : [`Goal: ${task.goal}`]),
    ...task.constraints.map((constraint) => `Constraint: ${constraint}`),
    work.kind === "instructions" ? work.instructions : "",
    ...task.findings.map(
      ({ message, file, line }) => `Blocked before: ${file ?? ""}:${line ?? ""} ${message}`,
    ),
    ...task.answers.map(({ question, text }) => `Question: ${question}\nAnswer: ${text}`),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}
