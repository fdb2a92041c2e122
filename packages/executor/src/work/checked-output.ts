import { MnemosyneError, type AgentResult, type AgentTask, type Json } from "@mnemosyne/core";
import { failedWith } from "../failure.ts";
import { schemaFaults } from "../json-schema.ts";

/** A completed result whose output fits the task's schema, or the failure that names what does not fit. */
export function completedWith(task: AgentTask, output: Json, report?: string): AgentResult {
  const schema = task.definition.output;
  const faults = schema === undefined ? [] : schemaFaults(schema, output);
  if (faults.length > 0)
    return failedWith(
      new MnemosyneError(
        "E_TASK_FAILED",
        `The output of '${task.definition.id}' does not fit its schema: ${faults.join("; ")}.`,
        { kind: "conflict", path: "output", details: { faults } },
      ),
      true,
    );
  return { status: "completed", output, ...(report === undefined ? {} : { report }) };
}
