/** A phase of the Work Plan Protocol, by what it ends in. */
export type Phase = "spec" | "fullSpec" | "plan" | "artifacts";

/** All phases, in order. */
export const PHASES: readonly Phase[] = ["spec", "fullSpec", "plan", "artifacts"];

/** One thing that has to hold in the end. */
export interface Requirement {
  /** `R1`, `R2`, ... */
  readonly id: string;
  readonly text: string;
  /** How one sees that it holds. */
  readonly acceptance: string;
}

/** Something that the prompt leaves open. */
export interface OpenQuestion {
  /** `Q1`, `Q2`, ... */
  readonly id: string;
  readonly question: string;
  /** What is taken for granted until somebody answers. */
  readonly assumption: string;
  readonly answer?: string;
}

/** What is wanted: the file spec.md. */
export interface Spec {
  readonly title: string;
  readonly intent: string;
  readonly stack: readonly string[];
  readonly constraints: readonly string[];
  readonly requirements: readonly Requirement[];
  readonly questions: readonly OpenQuestion[];
}

/** A part of the solution with the interface that others rely on: a typed hole until it is filled. */
export interface Part {
  readonly name: string;
  readonly purpose: string;
  readonly interface: string;
  readonly dependsOn: readonly string[];
}

/** A test that shows requirements to hold. */
export interface PlannedTest {
  /** `T1`, `T2`, ... */
  readonly id: string;
  readonly description: string;
  readonly kind: "unit" | "integration" | "endToEnd" | "property" | "manual";
  /** Ids of requirements. */
  readonly requirements: readonly string[];
  /** The file it will stand in; empty for a manual one. */
  readonly file: string;
}

/** How it is built and tested: the file test-plan.md. */
export interface FullSpec {
  readonly parts: readonly Part[];
  readonly invariants: readonly string[];
  readonly edgeCases: readonly { readonly requirement: string; readonly text: string }[];
  readonly tests: readonly PlannedTest[];
}

/** A task of the plan, and what it is there for. */
export interface PlannedTask {
  readonly id: string;
  readonly instructions: string;
  readonly dependsOn: readonly string[];
  readonly reads: readonly string[];
  /** Globs of the artifacts that it makes or changes. */
  readonly writes: readonly string[];
  /** Ids of the requirements that it meets. */
  readonly requirements: readonly string[];
  /** Ids of the tests that it writes. */
  readonly tests: readonly string[];
}

/** The work, in order: the file plan.yaml. */
export interface PlannedWork {
  readonly testCommand: string;
  readonly tasks: readonly PlannedTask[];
}

/** What the phases have come to so far. */
export interface Documents {
  readonly spec?: Spec;
  readonly fullSpec?: FullSpec;
  readonly plan?: PlannedWork;
}
