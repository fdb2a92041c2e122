import { MnemosyneError } from "@mnemosyne/core";
import { taskState, type MachineState, type TaskState } from "@mnemosyne/plan";

/** A task that is known to be in the run. Throws `E_TASK_NOT_FOUND`. */
export function taskOf(state: MachineState, id: string): TaskState {
  const found = taskState(state, id);
  if (found !== undefined) return found;
  throw new MnemosyneError("E_TASK_NOT_FOUND", `The run has no task '${id}'.`, {
    kind: "notFound",
    path: "task",
  });
}
