import type { Json, JsonObject } from "@mnemosyne/core";
import type { FullSpec, PlannedTest, PlannedWork, Spec } from "./documents.ts";

/** What a model fills in for a phase, and how that becomes its document. */
interface PhaseForm<Document> {
  readonly order: string;
  readonly schema: JsonObject;
  read(draft: JsonObject): Document;
}

const TEXT: JsonObject = { type: "string" };
const TEXTS: JsonObject = { type: "array", items: TEXT };

function object(properties: JsonObject): JsonObject {
  return { type: "object", additionalProperties: false, required: Object.keys(properties), properties };
}

function listOf(properties: JsonObject): JsonObject {
  return { type: "array", items: object(properties) };
}

const spec: PhaseForm<Spec> = {
  order:
    "Phase spec: say what is wanted. Each requirement is one thing that can be seen to hold, with an acceptance criterion that names an observation: an input, a command, a result. Ask about what the prompt leaves open, at least about every clause that two people could judge differently; give for each the assumption to go on with.",
  schema: object({
    title: TEXT,
    intent: TEXT,
    stack: TEXTS,
    constraints: TEXTS,
    requirements: listOf({ text: TEXT, acceptance: TEXT }),
    questions: listOf({ question: TEXT, assumption: TEXT }),
  }),
  read: (draft) => ({
    title: text(draft["title"]),
    intent: text(draft["intent"]),
    stack: texts(draft["stack"]),
    constraints: texts(draft["constraints"]),
    requirements: items(draft["requirements"]).map((item, at) => ({
      id: `R${at + 1}`,
      text: text(item["text"]),
      acceptance: text(item["acceptance"]),
    })),
    questions: items(draft["questions"]).map((item, at) => ({
      id: `Q${at + 1}`,
      question: text(item["question"]),
      assumption: text(item["assumption"]),
    })),
  }),
};

const KINDS: readonly PlannedTest["kind"][] = ["unit", "integration", "endToEnd", "property", "manual"];

const fullSpec: PhaseForm<FullSpec> = {
  order:
    "Phase fullSpec: decompose into parts, each with the interface that the others rely on, and what it depends on; name invariants and edge cases; plan the tests: each shows one requirement or more, every requirement is shown by at least one, and each but a manual one stands in a file.",
  schema: object({
    parts: listOf({ name: TEXT, purpose: TEXT, interface: TEXT, dependsOn: TEXTS }),
    invariants: TEXTS,
    edgeCases: listOf({ requirement: TEXT, text: TEXT }),
    tests: listOf({
      description: TEXT,
      kind: { type: "string", enum: [...KINDS] },
      requirements: TEXTS,
      file: TEXT,
    }),
  }),
  read: (draft) => ({
    parts: items(draft["parts"]).map((item) => ({
      name: text(item["name"]),
      purpose: text(item["purpose"]),
      interface: text(item["interface"]),
      dependsOn: texts(item["dependsOn"]),
    })),
    invariants: texts(draft["invariants"]),
    edgeCases: items(draft["edgeCases"]).map((item) => ({
      requirement: text(item["requirement"]),
      text: text(item["text"]),
    })),
    tests: items(draft["tests"]).map((item, at) => ({
      id: `T${at + 1}`,
      description: text(item["description"]),
      kind: KINDS.find((kind) => kind === item["kind"]) ?? "unit",
      requirements: texts(item["requirements"]),
      file: text(item["file"]),
    })),
  }),
};

const plan: PhaseForm<PlannedWork> = {
  order:
    "Phase plan: order the work. A task is one piece that an agent does in one go; tasks that do not need each other do not depend on each other, so that they run side by side; two tasks that write the same files must be ordered. Each task names the requirements that it meets, the tests that it writes, and globs of the files that it writes (tests too). Give the command that runs the project's tests.",
  schema: object({
    testCommand: TEXT,
    tasks: listOf({
      id: { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" },
      instructions: TEXT,
      dependsOn: TEXTS,
      reads: TEXTS,
      writes: TEXTS,
      requirements: TEXTS,
      tests: TEXTS,
    }),
  }),
  read: (draft) => ({
    testCommand: text(draft["testCommand"]),
    tasks: items(draft["tasks"]).map((item) => ({
      id: text(item["id"]),
      instructions: text(item["instructions"]),
      dependsOn: texts(item["dependsOn"]),
      reads: texts(item["reads"]),
      writes: texts(item["writes"]),
      requirements: texts(item["requirements"]),
      tests: texts(item["tests"]),
    })),
  }),
};

/** The forms of the phases that a model drafts. */
export const PHASE_FORMS = { spec, fullSpec, plan };

function text(value: Json | undefined): string {
  return typeof value === "string" ? value.trim() : "";
}

function texts(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.map(text).filter((item) => item !== "") : [];
}

function items(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value)
    ? value.filter(
        (item): item is JsonObject => typeof item === "object" && item !== null && !Array.isArray(item),
      )
    : [];
}
