import { MnemosyneError, type CommandRunner, type Gate, type GateUse } from "@mnemosyne/core";

/** A gate that a review names, and where it stands in the list. */
export interface PlannedGate {
  readonly index: number;
  readonly gate: Gate;
  readonly use: GateUse;
}

/** Groups of gates that may run side by side: each after the groups that hold gates it looks at. */
export function wavesOf(entries: readonly PlannedGate[]): readonly (readonly PlannedGate[])[] {
  const waves: (readonly PlannedGate[])[] = [];
  let rest = entries;
  while (rest.length > 0) {
    const waiting = new Set(rest.map(({ gate }) => gate.name));
    const ready = rest.filter(({ gate }) => !(gate.after ?? []).some((name) => waiting.has(name)));
    if (ready.length === 0)
      throw new MnemosyneError("E_INPUT", `The gates ${[...waiting].join(", ")} wait for each other.`, {
        kind: "input",
        path: "gates",
        hint: "Remove one of them from the other's 'after'.",
      });
    waves.push(ready);
    rest = rest.filter((entry) => !ready.includes(entry));
  }
  return waves;
}

/** Waits for all, also when one throws: nothing may go on after the review has ended. */
export async function settled(work: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === "rejected") throw result.reason;
}

/** A runner whose commands run one after another. */
export function oneAtATime(runner: CommandRunner): CommandRunner {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run(command, options) {
      const result = last.then(() => runner.run(command, options));
      last = result.catch(() => {
        // Whoever asked for this command gets its error; the next one must still run.
      });
      return result;
    },
  };
}
