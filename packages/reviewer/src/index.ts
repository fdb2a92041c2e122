// Everything exported here is public API; whatever is not named here is private.
export { Reviewer, type ReviewContext, type ReviewerOptions } from "./reviewer.ts";
export { defaultGates, gateNames, type GateName } from "./default-gates.ts";
export { testsGate } from "./gates/tests.ts";
export { noTodosGate } from "./gates/no-todos.ts";
export { factsGate } from "./gates/facts.ts";
export { completenessGate } from "./gates/completeness.ts";
export { antiPatternsGate } from "./gates/anti-patterns.ts";
export { constraintsGate } from "./gates/constraints.ts";
export { documentationGate } from "./gates/documentation.ts";
export { intentGate } from "./gates/intent.ts";
export { retryFindings } from "./retry-findings.ts";
export { fingerprint } from "./fingerprint.ts";
export { overallVerdict } from "./verdict.ts";
export { readTestOutcome } from "./testing/read-outcome.ts";
export type { TestOutcome } from "./testing/outcome.ts";
