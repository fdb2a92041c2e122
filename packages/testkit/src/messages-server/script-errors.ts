import type { Script, ScriptRequest, ScriptTurn } from "../script/script.ts";
import { badRequest, errorType, type ApiError } from "./api-error.ts";

/** The error that a turn asks for. */
export function scriptedError(turn: ScriptTurn): ApiError {
  const { status = 500, type, message, code, retryAfter, retryAfterMs } = turn.error ?? {};
  return {
    status,
    type: type ?? errorType(status),
    message: message ?? `scripted ${type ?? errorType(status)}`,
    ...(code === undefined ? {} : { code }),
    headers: {
      ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }),
      ...(retryAfterMs === undefined ? {} : { "retry-after-ms": String(retryAfterMs) }),
    },
  };
}

/** The error of a request that no rule matches, with what a rule could match it by. */
export function noTurn(script: Script, request: ScriptRequest): ApiError {
  const facts = [
    `script '${script.name}'`,
    ...(request.task === undefined ? [] : [`task '${request.task}'`]),
    ...(request.attempt === undefined ? [] : [`attempt ${request.attempt}`]),
    `turn ${request.turn}`,
    `${request.toolResults.length} tool results`,
    ...(request.schema === undefined ? [] : ["an answer by schema"]),
    `last text '${request.lastText.slice(-160).replaceAll(/\s+/g, " ")}'`,
  ];
  return {
    ...badRequest(`script has no turn for this request: ${facts.join(", ")}`),
    code: "script_no_turn",
  };
}

/** The error of a script that threw. */
export function scriptFailed(error: unknown): ApiError {
  const message = error instanceof Error ? error.message : String(error);
  return { ...badRequest(`script failed: ${message}`), code: "script_failed" };
}
