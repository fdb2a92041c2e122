import { digest, start, step, type StampedInput } from "@mnemosyne/plan";
import type { Plan, RunFact } from "@mnemosyne/core";

/** A run that every later version of the machine has to replay to the same steps. */
export interface Golden {
  /** The version that wrote it. */
  readonly machine: string;
  readonly plan: Plan;
  readonly inputs: readonly StampedInput[];
  /** One for each input. */
  readonly steps: readonly GoldenStep[];
}

/** What one input led to. */
export interface GoldenStep {
  /** Types and keys of the commands. */
  readonly commands: readonly string[];
  readonly facts: readonly RunFact[];
  readonly closes?: string;
  readonly withdrawn?: readonly string[];
  readonly digest: string;
}

/** What inputs lead to today. Throws for one that is stale. */
export function replay(plan: Plan, inputs: readonly StampedInput[]): GoldenStep[] {
  const { state } = start(plan);
  return inputs.map((input) => {
    const { commands, facts, closes, withdrawn, stale } = step(state, input);
    if (stale !== undefined) throw new Error(`${input.type} is stale: ${stale}`);
    return {
      commands: commands.map(({ type, key }) => `${type} ${key}`),
      facts,
      ...(closes === undefined ? {} : { closes }),
      ...(withdrawn.length === 0 ? {} : { withdrawn }),
      digest: digest(state),
    };
  });
}
