import type { Gate } from "@mnemosyne/core";
import { antiPatternsGate } from "./gates/anti-patterns.ts";
import { completenessGate } from "./gates/completeness.ts";
import { constraintsGate } from "./gates/constraints.ts";
import { documentationGate } from "./gates/documentation.ts";
import { factsGate } from "./gates/facts.ts";
import { intentGate } from "./gates/intent.ts";
import { noTodosGate } from "./gates/no-todos.ts";
import { testsGate } from "./gates/tests.ts";

/** Names of the built-in gates. */
export const gateNames = [
  "intent",
  "tests",
  "documentation",
  "antiPatterns",
  "facts",
  "constraints",
  "noTodos",
  "completeness",
] as const;

/** Name of a built-in gate. */
export type GateName = (typeof gateNames)[number];

const MAKERS: Readonly<Record<GateName, () => Gate>> = {
  intent: intentGate,
  tests: testsGate,
  documentation: documentationGate,
  antiPatterns: antiPatternsGate,
  facts: factsGate,
  constraints: constraintsGate,
  noTodos: noTodosGate,
  completeness: completenessGate,
};

/** The built-in gates, made anew, in the order of {@link gateNames}. */
export function defaultGates(): readonly Gate[] {
  return gateNames.map((name) => MAKERS[name]());
}
