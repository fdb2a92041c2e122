import { NAME_PATTERN, Namespace, parseDuration, isMnemosyneError } from "@mnemosyne/core";
import { z } from "zod";

/** What to do about a value that a part of the schema refuses. */
export const fixes = z.registry<{ fix: string }>();

const text = z.string().min(1);
const lines = z.array(text);

const duration = z
  .string()
  .regex(/^\d+(?:\.\d+)?(?:ms|s|m|h|d)$/, { abort: true })
  .refine((value) => parseDuration(value) > 0, { error: "A duration must be longer than nothing." })
  .describe("A number and a unit: 500ms, 90s, 30m, 2h, 1d.")
  .register(fixes, { fix: "Write a number and a unit, such as 90s, 30m or 2h." });

const id = z
  .string()
  .regex(NAME_PATTERN)
  .describe("A letter or digit, then at most 63 letters, digits, '.', '_' or '-'.")
  .register(fixes, {
    fix: "Use a letter or digit, then at most 63 letters, digits, '.', '_' or '-'.",
  });

const count = z.number().int().min(1);
const object = z.record(z.string(), z.json());

const budget = z
  .strictObject({
    tokens: count.optional().describe("Most tokens, input and output."),
    usd: z.number().positive().optional().describe("Most US dollars."),
    time: duration.optional().describe("Longest wall time."),
  })
  .describe("Limits. One that is not given is not limited here; a limit above still holds.")
  .register(fixes, { fix: "Write for example 'budget: { tokens: 200000, usd: 3, time: 30m }'." });

const gateSettings = z
  .record(text, z.union([object, z.null()]))
  .refine((value) => Object.keys(value).length === 1, {
    error: "A gate with settings has exactly one name.",
  });
const gates = z
  .array(
    z
      .union([text, gateSettings], { error: "A gate is a name, or one name with its settings." })
      .register(fixes, { fix: "Write 'noTodos', or 'tests: { command: npm test }'." }),
  )
  .describe("Checks between this task and its dependents.");

const globs = lines.register(fixes, { fix: 'Write a list of globs, such as ["src/**"].' });
const sandbox = z.enum(["required", "preferred", "off"]);

const taskFields = {
  id,
  dependsOn: z.array(z.string()).optional().describe("Tasks that have to complete first."),
  run: text.optional().describe("A shell line, trusted like a package script."),
  instructions: text.optional().describe("Work for an agent."),
  agent: text.optional().describe("The agent that gets the instructions. Default: executor."),
  reads: globs.optional().describe("Files it looks at, relative to the workspace."),
  writes: globs.optional().describe("Files it may change, relative to the workspace."),
  attempts: count.max(100).optional().describe("Default: 3 for instructions, else 1."),
  timeout: duration.optional().describe("Longest time of one attempt."),
  budget: budget.optional(),
  gates: gates.optional(),
  approval: text.optional().describe("The question that a person has to approve before it starts."),
  onCrash: z
    .enum(["rerun", "ask", "fail"])
    .optional()
    .describe("When its worker died while it ran. Default: rerun; ask where it has an approval."),
  model: text.optional(),
  tools: lines.optional().describe("Tools that the agent may use. Default: all that are registered."),
  env: z
    .array(
      z
        .string()
        .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
        .register(fixes, { fix: "Write the variable's name alone, such as NPM_TOKEN." }),
    )
    .optional()
    .describe("Environment variables that it may see."),
  when: z
    .strictObject({
      task: z.string(),
      path: z.string().optional().describe("Dotted path in that task's output. Default: the whole output."),
      equals: z.json(),
    })
    .optional()
    .describe("Run it only if a value in the output of a task that it depends on equals this."),
  forEach: z.string().optional().describe("One instance for each element of this task's output."),
  isolation: z
    .enum(["tree", "shared"])
    .optional()
    .describe("Default: tree with instructions or writes; else shared."),
  merge: z
    .enum(["files", "lines"])
    .optional()
    .describe("How its changes meet those of others. Default: files."),
  sandbox: sandbox.optional().describe("Default: the plan's."),
};

const planFields = {
  version: z.literal(1).register(fixes, { fix: "Write 'version: 1'." }),
  name: text.max(200).optional().describe("Default: the file's name."),
  goal: z.string().optional(),
  constraints: lines.optional(),
  successCriteria: lines.optional(),
  workspace: text.optional().describe("Folder that tasks act on. Default: the plan file's folder."),
  namespace: z
    .string()
    .refine(isNamespace, { error: "It is not a namespace." })
    .optional()
    .register(fixes, { fix: "Use 'global', 'project:<name>' or 'session:<project>:<id>'." }),
  concurrency: count.max(1000).optional().describe("Tasks that run at the same time. Default: 4."),
  testCommand: text.optional().describe("The project's tests, for the gate 'tests'."),
  budget: budget.optional(),
  onFailure: z
    .enum(["stop", "rollback", "continue"])
    .optional()
    .describe("When a task has failed for good. Default: stop."),
  gates: gates
    .optional()
    .describe(
      "Gates of every instructions task that names none. Default: facts, noTodos, completeness; tests too with a testCommand.",
    ),
  finalGates: gates.optional().describe("Gates that judge the whole run in the end."),
  caches: lines
    .optional()
    .describe("Folders that trees share read-only. Default: node_modules, .venv, target."),
  sandbox: sandbox.optional().describe("Default: preferred."),
};

/** The plan as a file: YAML or JSON. */
export const planFileSchema = z
  .strictObject({
    ...planFields,
    tasks: z
      .array(
        z.strictObject({
          ...taskFields,
          compensate: z
            .strictObject({ run: text })
            .optional()
            .describe("Undoes its effects outside the workspace. Has to be idempotent."),
          output: object.optional().describe("JSON Schema of its output."),
        }),
      )
      .min(1)
      .register(fixes, { fix: "List at least one task." }),
  })
  .describe("A Mnemosyne plan: tasks with the order they need.");

const taskFunction = z
  .custom((value) => typeof value === "function", { error: "It must be a function." })
  .register(fixes, { fix: "Write '(inputs, context) => ...'." });

/** The plan as a module gives it: functions and Standard Schema are allowed too. */
export const planModuleSchema = z.strictObject({
  ...planFields,
  tasks: z
    .array(
      z.strictObject({
        ...taskFields,
        function: taskFunction.optional(),
        compensate: z
          .union([z.strictObject({ run: text }), taskFunction], {
            error: "A compensation is '{ run: ... }' or a function.",
          })
          .optional(),
        output: z
          .custom((value) => (typeof value === "object" && value !== null) || typeof value === "function", {
            error: "It must be a JSON Schema or a Standard Schema.",
          })
          .optional(),
      }),
    )
    .min(1)
    .register(fixes, { fix: "List at least one task." }),
});

/** A module's plan once its form is checked; a file's plan is one without functions. */
export type CheckedPlanInput = z.output<typeof planModuleSchema>;

/** One task of it. */
export type CheckedTaskInput = CheckedPlanInput["tasks"][number];

function isNamespace(value: string): boolean {
  try {
    Namespace.parse(value);
    return true;
  } catch (error) {
    if (isMnemosyneError(error)) return false;
    throw error;
  }
}
