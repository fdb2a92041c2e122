import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MnemosyneError, type AgentTask, type Json } from "@mnemosyne/core";

const LARGEST_OUTPUT = 16 * 1024 * 1024;

/** The files through which a command gets its dependencies' outputs and gives its own, outside every workspace. */
export interface Exchange {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  /** What the command wrote; `undefined` when it wrote nothing. Throws `E_TASK_FAILED` for what is not JSON. */
  readOutput(): Promise<Json | undefined>;
  /** Removes the files. */
  close(): Promise<void>;
}

/** Makes the files of one execution below a temporary folder. */
export async function openExchange(
  task: AgentTask,
  idempotencyKey: string,
  temporary: string,
): Promise<Exchange> {
  const folder = await mkdtemp(join(temporary, "mnemosyne-task-"));
  const inputs = join(folder, "inputs.json");
  const output = join(folder, "output.json");
  const element = join(folder, "element.json");
  await writeFile(inputs, JSON.stringify(task.inputs));
  if (task.element !== undefined) await writeFile(element, JSON.stringify(task.element));
  return {
    folder,
    environment: {
      MNEMOSYNE_INPUTS: inputs,
      MNEMOSYNE_OUTPUT: output,
      ...(task.element === undefined ? {} : { MNEMOSYNE_ELEMENT: element }),
      MNEMOSYNE_IDEMPOTENCY_KEY: idempotencyKey,
      MNEMOSYNE_ATTEMPT: String(task.attempt),
      MNEMOSYNE_EPOCH: String(task.epoch),
      MNEMOSYNE_RUN_ID: task.runId,
      MNEMOSYNE_TASK: task.definition.id,
    },
    readOutput: () => readJson(output),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

async function readJson(path: string): Promise<Json | undefined> {
  const text = await readCapped(path);
  if (text === undefined || text.trim() === "") return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw unusable(`is not JSON (${error instanceof Error ? error.message : String(error)})`, error);
  }
}

async function readCapped(path: string): Promise<string | undefined> {
  let file;
  try {
    file = await open(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw unusable(`cannot be read (${error instanceof Error ? error.message : String(error)})`, error);
  }
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw unusable("is not a file");
    if (stat.size > LARGEST_OUTPUT)
      throw unusable(
        `has ${stat.size} bytes; at most ${LARGEST_OUTPUT} are taken. Write large results to a file`,
      );
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

function unusable(what: string, cause?: unknown): MnemosyneError {
  return new MnemosyneError(
    "E_TASK_FAILED",
    `What the command wrote to $MNEMOSYNE_OUTPUT ${what}; write one JSON value there, or nothing.`,
    { kind: "conflict", retryable: true, path: "MNEMOSYNE_OUTPUT", cause },
  );
}
