import { badInput } from "./graph.ts";
import type { FailurePolicy, RetryPolicy, TaskDefinition, TaskEvent } from "./task.ts";

/** Options of the executor; what a task says itself counts first. */
export interface ParallelExecutorOptions {
  /** Tasks that run at the same time. Default 4. */
  readonly concurrency?: number;
  /** Milliseconds for one try of a task that names none. Default: no limit. */
  readonly timeout?: number;
  /** For tasks that name none. Default: one try. */
  readonly retries?: RetryPolicy;
  /** Default `continue`. */
  readonly policy?: FailurePolicy;
  /** Milliseconds that running tasks get to end after a cancellation before they are left behind. Default 250. */
  readonly grace?: number;
  /** Sees every event as it happens. When it throws, it gets no more, and the result says so. */
  readonly onEvent?: (event: TaskEvent) => void;
  /** Numbers from 0 to 1 for jitter. Default `Math.random`. */
  readonly random?: () => number;
}

/** Options with every default filled in. */
export interface ExecutionSettings {
  readonly concurrency: number;
  readonly timeout: number | undefined;
  readonly retries: RetryPolicy | undefined;
  readonly policy: FailurePolicy;
  readonly grace: number;
  readonly onEvent: ((event: TaskEvent) => void) | undefined;
  readonly random: () => number;
}

const POLICIES: readonly string[] = ["continue", "stop", "rollback"] satisfies FailurePolicy[];
/** The longest time that a timer can wait for. */
const LONGEST = 2 ** 31 - 1;

/** Checks options and fills in defaults. Throws `E_INPUT`. */
export function settingsOf(options: ParallelExecutorOptions): ExecutionSettings {
  const { concurrency = 4, policy = "continue", grace = 250 } = options;
  if (concurrency !== Infinity && !(Number.isInteger(concurrency) && concurrency >= 1))
    throw badInput("concurrency", `concurrency is a whole number from 1 on, not ${concurrency}.`);
  if (!POLICIES.includes(policy))
    throw badInput("policy", `policy is one of ${POLICIES.join(", ")}, not '${policy}'.`);
  checkMilliseconds("grace", grace);
  checkTask("", options);
  return {
    concurrency,
    policy,
    grace,
    timeout: options.timeout,
    retries: options.retries,
    onEvent: options.onEvent,
    random: options.random ?? Math.random,
  };
}

/** Checks what a task or the options say about time and tries. Throws `E_INPUT`. */
export function checkTask(
  path: string,
  { timeout, retries }: Pick<TaskDefinition, "timeout" | "retries">,
): void {
  if (timeout !== undefined) {
    checkMilliseconds(`${path}timeout`, timeout);
    if (timeout === 0) throw badInput(`${path}timeout`, "timeout must be more than 0 milliseconds.");
  }
  if (retries === undefined) return;
  const { attempts, backoff, maxBackoff, jitter } = retries;
  if (attempts !== undefined && !(Number.isInteger(attempts) && attempts >= 1))
    throw badInput(`${path}retries.attempts`, `attempts is a whole number from 1 on, not ${attempts}.`);
  if (backoff !== undefined) checkMilliseconds(`${path}retries.backoff`, backoff);
  if (maxBackoff !== undefined) checkMilliseconds(`${path}retries.maxBackoff`, maxBackoff);
  if (jitter !== undefined && !(jitter >= 0 && jitter <= 1))
    throw badInput(`${path}retries.jitter`, `jitter is a share from 0 to 1, not ${jitter}.`);
}

function checkMilliseconds(path: string, value: number): void {
  if (!(value >= 0 && value <= LONGEST))
    throw badInput(path, `${path} is a number of milliseconds from 0 to ${LONGEST}, not ${value}.`);
}
