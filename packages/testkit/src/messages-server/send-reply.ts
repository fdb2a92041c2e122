import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { ReplyFault, ScriptTurn } from "../script/script.ts";
import type { ApiError } from "./api-error.ts";
import { errorEvent, streamEvents } from "./stream-events.ts";
import type { WireReply } from "./wire.ts";

/** How an answer left. */
export type SendOutcome = "answered" | "broken";

/** Sends a reply as JSON or as a stream, with the fault that its turn asks for. */
export async function sendReply(
  response: ServerResponse,
  reply: WireReply,
  turn: ScriptTurn,
  stream: boolean,
  signal: AbortSignal,
): Promise<SendOutcome> {
  if (turn.fault === "drop") {
    response.destroy();
    return "broken";
  }
  return stream
    ? sendStream(response, reply, turn, signal)
    : sendJson(response, JSON.stringify(reply), turn.fault, signal);
}

async function sendJson(
  response: ServerResponse,
  text: string,
  fault: ReplyFault | undefined,
  signal: AbortSignal,
): Promise<SendOutcome> {
  if (fault === "errorEvent") {
    sendError(response, { status: 529, type: "overloaded_error", message: "Overloaded" });
    return "answered";
  }
  const bytes = Buffer.from(text);
  const half = bytes.subarray(0, Math.floor(bytes.length / 2));
  const broken = fault === "garbage" || fault === "endEarly" ? half : undefined;
  response.writeHead(200, {
    "content-type": "application/json",
    "content-length": String((broken ?? bytes).length),
  });
  if (fault === "truncate" || fault === "stall") {
    await write(response, half);
    if (fault === "stall") await untilAborted(signal);
    response.destroy();
    return "broken";
  }
  response.end(broken ?? bytes);
  return broken === undefined ? "answered" : "broken";
}

async function sendStream(
  response: ServerResponse,
  reply: WireReply,
  turn: ScriptTurn,
  signal: AbortSignal,
): Promise<SendOutcome> {
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
  });
  const { fault } = turn;
  const events = streamEvents(reply, fault === "cutInput");
  const whole = fault === undefined || fault === "cutInput";
  const sent = whole ? events : events.slice(0, Math.ceil(events.length / 2));
  for (const event of sent) {
    if (turn.pieceDelayMs !== undefined) await sleep(turn.pieceDelayMs, undefined, { signal });
    await write(response, event);
  }
  switch (fault) {
    case undefined:
    case "cutInput":
      response.end();
      return "answered";
    case "errorEvent":
      response.end(errorEvent("overloaded_error", "Overloaded"));
      break;
    case "garbage":
      response.end('event: content_block_delta\ndata: {"type": "content_blo\n\n');
      break;
    case "endEarly":
      response.end();
      break;
    case "stall":
      await untilAborted(signal);
      response.destroy();
      break;
    case "truncate":
    case "drop":
      response.destroy();
  }
  return "broken";
}

/** Sends an error as the API does. */
export function sendError(response: ServerResponse, error: ApiError): void {
  response.writeHead(error.status, { "content-type": "application/json", ...error.headers });
  response.end(
    JSON.stringify({
      type: "error",
      error: {
        type: error.type,
        message: error.message,
        ...(error.code === undefined ? {} : { details: { error_code: error.code } }),
      },
      request_id: response.getHeader("request-id") ?? null,
    }),
  );
}

function write(response: ServerResponse, piece: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    response.write(piece, (error) => (error ? reject(error) : resolve()));
  });
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
