import { assessInstructions } from "../clauses/assess-instructions.ts";
import type { Documents, FullSpec, Part, Phase, PlannedWork, Spec } from "./documents.ts";

/** One condition under which a phase may be left. */
export interface ExitCriterion {
  /** Stable name, e.g. `spec.judgeable`. */
  readonly name: string;
  readonly met: boolean;
  /** What is missing, named. Empty where it is met. */
  readonly missing: readonly string[];
}

/** The conditions under which a phase may be left, each held against the documents. */
export function exitCriteria(phase: Phase, documents: Documents): readonly ExitCriterion[] {
  const { spec, fullSpec, plan } = documents;
  switch (phase) {
    case "spec":
      return spec === undefined ? [absent("spec.written", "spec.md")] : ofSpec(spec);
    case "fullSpec":
      return fullSpec === undefined
        ? [absent("fullSpec.written", "test-plan.md")]
        : ofFullSpec(fullSpec, spec);
    case "plan":
      return plan === undefined ? [absent("plan.written", "plan.yaml")] : ofPlan(plan, documents);
    default:
      // What a run made is looked up in its workspace, by checkTraces.
      return [];
  }
}

function absent(name: string, file: string): ExitCriterion {
  return criterion(name, [`${file} is not written`]);
}

function criterion(name: string, missing: readonly string[]): ExitCriterion {
  return { name, met: missing.length === 0, missing };
}

function ofSpec(spec: Spec): readonly ExitCriterion[] {
  const { intent, requirements, stack, questions } = spec;
  return [
    criterion("spec.intent", intent.trim() === "" ? ["the intent is empty"] : []),
    criterion(
      "spec.requirements",
      requirements.length === 0 ? ["there is no requirement"] : repeated(requirements),
    ),
    criterion(
      "spec.judgeable",
      requirements.flatMap(({ id, acceptance }) =>
        acceptance.trim() === ""
          ? [`${id} has no acceptance criterion`]
          : assessInstructions(acceptance).map(({ clause, reason }) => `${id}: "${clause}": ${reason}`),
      ),
    ),
    criterion("spec.stack", stack.length === 0 ? ["the stack is not named"] : []),
    criterion(
      "spec.questions",
      questions
        .filter(({ answer = "", assumption }) => answer.trim() === "" && assumption.trim() === "")
        .map(({ id }) => `${id} has neither an answer nor an assumption`),
    ),
  ];
}

function ofFullSpec({ parts, edgeCases, tests }: FullSpec, spec: Spec | undefined): readonly ExitCriterion[] {
  const requirements = spec?.requirements ?? [];
  const known = new Set(requirements.map(({ id }) => id));
  const tested = new Set(tests.flatMap(({ requirements }) => requirements));
  return [
    criterion("fullSpec.parts", parts.length === 0 ? ["nothing is decomposed into parts"] : []),
    criterion(
      "fullSpec.holes",
      parts
        .filter((part) => part.interface.trim() === "")
        .map(({ name }) => `part '${name}' has no interface`),
    ),
    criterion("fullSpec.dependencies", partFaults(parts)),
    criterion(
      "fullSpec.tested",
      requirements.filter(({ id }) => !tested.has(id)).map(({ id }) => `no test shows ${id}`),
    ),
    criterion("fullSpec.tests", [
      ...repeated(tests),
      ...tests
        .filter(({ requirements }) => requirements.length === 0)
        .map(({ id }) => `${id} shows no requirement`),
      ...unknown(tests, ({ requirements }) => requirements, known, "requirement"),
      ...tests
        .filter(({ kind, file }) => kind !== "manual" && file.trim() === "")
        .map(({ id }) => `${id} stands in no file`),
    ]),
    criterion("fullSpec.edgeCases", [
      ...(edgeCases.length === 0 ? ["no edge case is named"] : []),
      ...edgeCases
        .filter(({ requirement }) => !known.has(requirement))
        .map(({ requirement }) => `an edge case names ${requirement}, which is no requirement`),
    ]),
  ];
}

function ofPlan({ tasks }: PlannedWork, { spec, fullSpec }: Documents): readonly ExitCriterion[] {
  const requirements = (spec?.requirements ?? []).map(({ id }) => id);
  const tests = (fullSpec?.tests ?? []).filter(({ kind }) => kind !== "manual").map(({ id }) => id);
  const met = new Set(tasks.flatMap((task) => task.requirements));
  const written = new Set(tasks.flatMap((task) => task.tests));
  const allTests = new Set((fullSpec?.tests ?? []).map(({ id }) => id));
  return [
    criterion("plan.tasks", tasks.length === 0 ? ["there is no task"] : []),
    criterion("plan.requirements", [
      ...requirements.filter((id) => !met.has(id)).map((id) => `no task meets ${id}`),
      ...unknown(tasks, (task) => task.requirements, new Set(requirements), "requirement"),
      ...tasks
        .filter((task) => task.requirements.length === 0)
        .map(({ id }) => `task '${id}' meets no requirement`),
    ]),
    criterion("plan.tests", [
      ...tests.filter((id) => !written.has(id)).map((id) => `no task writes ${id}`),
      ...unknown(tasks, (task) => task.tests, allTests, "test"),
    ]),
    criterion(
      "plan.artifacts",
      tasks
        .filter(({ writes }) => writes.length === 0)
        .map(({ id }) => `task '${id}' names nothing that it writes`),
    ),
  ];
}

function unknown<T extends { readonly id: string }>(
  items: readonly T[],
  refers: (item: T) => readonly string[],
  known: ReadonlySet<string>,
  what: string,
): readonly string[] {
  return items.flatMap((item) =>
    refers(item)
      .filter((id) => !known.has(id))
      .map((id) => `${item.id} names ${id}, which is no ${what}`),
  );
}

function repeated(items: readonly { readonly id: string }[]): readonly string[] {
  const seen = new Set<string>();
  return items.flatMap(({ id }) => (seen.has(id) ? [`${id} stands twice`] : (seen.add(id), [])));
}

function partFaults(parts: readonly Part[]): readonly string[] {
  const names = new Map(parts.map((part) => [part.name, part]));
  const faults = parts.flatMap(({ name, dependsOn }) =>
    dependsOn
      .filter((other) => !names.has(other))
      .map((other) => `part '${name}' depends on '${other}', which is no part`),
  );
  const state = new Map<string, "open" | "done">();
  const visit = (name: string, path: readonly string[]): void => {
    if (state.get(name) === "done") return;
    if (state.get(name) === "open") {
      faults.push(
        `parts depend on each other in a circle: ${[...path.slice(path.indexOf(name)), name].join(" -> ")}`,
      );
      return;
    }
    state.set(name, "open");
    for (const other of names.get(name)?.dependsOn ?? []) if (names.has(other)) visit(other, [...path, name]);
    state.set(name, "done");
  };
  for (const { name } of parts) visit(name, []);
  return faults;
}
