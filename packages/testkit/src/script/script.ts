import { MnemosyneError, type Json, type JsonObject } from "@mnemosyne/core";

/** A use of a tool that a scripted model asks for. */
export interface ScriptedToolUse {
  readonly name: string;
  readonly input: Json;
  /** Default: made from the request's number. */
  readonly id?: string;
}

/** Tokens of one reply. */
export interface ScriptedUsage {
  /** Uncached input. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
}

/** An error that the server answers with. */
export interface ScriptedError {
  /** HTTP status, e.g. 429 or 529. */
  readonly status: number;
  /** Default: the type that belongs to the status. */
  readonly type?: string;
  readonly message?: string;
  /** Goes into `error.details.error_code`. */
  readonly code?: string;
  /** Seconds, as the header `retry-after`. */
  readonly retryAfter?: number;
  /** Milliseconds, as the header `retry-after-ms`. */
  readonly retryAfterMs?: number;
}

/**
 * What goes wrong with a reply that was made (and is charged). `drop`: the connection ends before any of it. `truncate`: it ends in
 * the middle. `endEarly`: a stream ends in the middle as if it were complete. `stall`: the middle is the last that
 * is ever sent. `errorEvent`: a stream's second half is an `overloaded_error` event. `garbage`: the second half is not JSON.
 * `cutInput`: a stream is complete but for the inputs of its tool uses, each of which ends in the middle.
 */
export type ReplyFault = "drop" | "truncate" | "endEarly" | "stall" | "errorEvent" | "garbage" | "cutInput";

/** How a scripted reply ends. */
export type ScriptedStopReason =
  | "end_turn"
  | "max_tokens"
  | "stop_sequence"
  | "tool_use"
  | "pause_turn"
  | "refusal"
  | "model_context_window_exceeded";

/** One reply of a scripted model. */
export interface ScriptTurn {
  readonly text?: string;
  readonly toolUses?: readonly ScriptedToolUse[];
  /** Default: `tool_use` with tool uses, else `end_turn`. */
  readonly stopReason?: ScriptedStopReason;
  /** Figures that replace the counted ones. */
  readonly usage?: Partial<ScriptedUsage>;
  readonly error?: ScriptedError;
  /** Milliseconds before the reply begins. */
  readonly delayMs?: number;
  /** Milliseconds between two pieces of a stream. */
  readonly pieceDelayMs?: number;
  readonly fault?: ReplyFault;
}

/** What a script knows of a request to `/v1/messages`. */
export interface ScriptRequest {
  /** 1 for the server's first request. */
  readonly number: number;
  readonly model: string;
  readonly system: string;
  /** All text of all messages and tool results, oldest first. */
  readonly text: string;
  /** Text of the last message. */
  readonly lastText: string;
  /** Replies of the model in this conversation so far: 0 in its first request. */
  readonly turn: number;
  /** Every tool result so far, oldest first. */
  readonly toolResults: readonly {
    readonly name: string;
    readonly input: Json;
    readonly content: string;
    readonly isError: boolean;
  }[];
  /** Names of the tools that are offered. */
  readonly tools: readonly string[];
  /** Value of the first line `Task: <id>` of the messages. */
  readonly task: string | undefined;
  /** Value of the first line `Attempt: <n>` of the messages. */
  readonly attempt: number | undefined;
  readonly stream: boolean;
  /** The JSON Schema that the answer has to fit, if any. */
  readonly schema: JsonObject | undefined;
  /** The body as it came. */
  readonly body: JsonObject;
}

/** Which requests a turn answers: every member that is given must hold. */
export interface ScriptMatch {
  /** Texts that the messages contain, all of them. */
  readonly text?: string | readonly string[];
  /** Texts that the messages do not contain. */
  readonly notText?: string | readonly string[];
  /** Texts that the last message contains. */
  readonly lastText?: string | readonly string[];
  /** Texts that the system prompt contains. */
  readonly system?: string | readonly string[];
  /** Value of the line `Task: <id>`. */
  readonly task?: string;
  /** Value of the line `Attempt: <n>`, or the smallest and largest one. */
  readonly attempt?: number | { readonly min?: number; readonly max?: number };
  /** Replies of the model in this conversation so far. */
  readonly turn?: number;
  /** Number of tool results so far. */
  readonly toolResults?: number;
  /** Name of the tool whose result came last. */
  readonly lastTool?: string;
  /** Whether the last tool result is an error. */
  readonly lastToolFailed?: boolean;
  readonly model?: string;
  /** Names of tools that are offered, all of them. */
  readonly tools?: readonly string[];
  /** Whether the answer has to fit a JSON Schema. */
  readonly schema?: boolean;
}

/** A turn with the requests that it answers. */
export interface ScriptRule extends ScriptTurn {
  /** Default: any request. */
  readonly when?: ScriptMatch | ((request: ScriptRequest) => boolean);
  /** How many requests it answers; after that it is passed over. Default: any number. */
  readonly times?: number;
  /** Makes the reply from the request; what it gives replaces the members beside it. */
  readonly reply?: (request: ScriptRequest) => ScriptTurn | Promise<ScriptTurn>;
}

/** Answers a request, or `undefined` to leave it to the rules after it. */
export type ScriptFunction = (
  request: ScriptRequest,
  number: number,
) => ScriptTurn | undefined | Promise<ScriptTurn | undefined>;

/** What a scripted model says: the first rule that matches a request answers it. */
export interface Script {
  readonly name: string;
  readonly turns: readonly (ScriptRule | ScriptFunction)[];
}

const RULE_KEYS = new Set([
  "text",
  "toolUses",
  "stopReason",
  "usage",
  "error",
  "delayMs",
  "pieceDelayMs",
  "fault",
  "when",
  "times",
  "reply",
]);
const MATCH_KEYS = new Set([
  "text",
  "notText",
  "lastText",
  "system",
  "task",
  "attempt",
  "turn",
  "toolResults",
  "lastTool",
  "lastToolFailed",
  "model",
  "tools",
  "schema",
]);

/**
 * Checks a script, so that a misspelt condition is an error and not a rule that matches everything.
 * Throws `E_INPUT` with the path of the fault.
 *
 * @example
 * const script = defineScript({
 *   name: "greeting",
 *   turns: [
 *     { when: { turn: 0, tools: ["read"] }, toolUses: [{ name: "read", input: { path: "name.txt" } }] },
 *     { when: { lastTool: "read" }, reply: (request) => ({ text: `Hello, ${request.toolResults[0]?.content}` }) },
 *   ],
 * });
 */
export function defineScript(script: Script): Script {
  if (typeof script !== "object" || script === null) throw fault("", "must be an object");
  if (typeof script.name !== "string" || script.name === "") throw fault("name", "must be a text");
  if (!Array.isArray(script.turns)) throw fault("turns", "must be a list");
  for (const [index, turn] of script.turns.entries()) checkRule(turn, `turns[${index}]`);
  return script;
}

function checkRule(rule: unknown, path: string): void {
  if (typeof rule === "function") return;
  if (typeof rule !== "object" || rule === null) throw fault(path, "must be a rule or a function");
  checkKeys(rule, RULE_KEYS, path);
  const { when, times, toolUses, text, error, reply } = rule as ScriptRule;
  if (when !== undefined && typeof when !== "function") {
    if (typeof when !== "object" || when === null)
      throw fault(`${path}.when`, "must be conditions or a function");
    checkKeys(when, MATCH_KEYS, `${path}.when`);
  }
  if (times !== undefined && !(Number.isInteger(times) && times > 0))
    throw fault(`${path}.times`, "must be a whole number above 0");
  if (toolUses !== undefined)
    for (const [index, use] of toolUses.entries())
      if (typeof use?.name !== "string" || use.input === undefined)
        throw fault(`${path}.toolUses[${index}]`, "must have a name and an input");
  if (error !== undefined && !(Number.isInteger(error.status) && error.status >= 400))
    throw fault(`${path}.error.status`, "must be an HTTP status from 400 on");
  if (
    text === undefined &&
    toolUses === undefined &&
    error === undefined &&
    reply === undefined &&
    !("fault" in rule) &&
    !("stopReason" in rule)
  )
    throw fault(path, "says nothing: give text, toolUses, error or reply");
}

function checkKeys(value: object, known: ReadonlySet<string>, path: string): void {
  for (const key of Object.keys(value))
    if (!known.has(key)) throw fault(`${path}.${key}`, `is not known; use one of ${[...known].join(", ")}`);
}

function fault(path: string, what: string): MnemosyneError {
  return new MnemosyneError("E_INPUT", `The script cannot be used: ${path === "" ? "it" : path} ${what}.`, {
    kind: "input",
    ...(path === "" ? {} : { path }),
  });
}
