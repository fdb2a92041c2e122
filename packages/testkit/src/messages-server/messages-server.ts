import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { canonicalJson, type Json } from "@mnemosyne/core";
import { openHeaders, readBody } from "../http/incoming.ts";
import { startLoopbackServer } from "../http/loopback-server.ts";
import { playScript } from "../script/player.ts";
import { defineScript, type Script, type ScriptFunction, type ScriptTurn } from "../script/script.ts";
import { badRequest, errorType, type ApiError } from "./api-error.ts";
import { EMPTY_BILL, charge, type Bill } from "./bill.ts";
import { SERVED_MODELS, findModel, modelRecord, type ServedModel } from "./models.ts";
import { createPromptCache } from "./prompt-cache.ts";
import { buildReply } from "./reply.ts";
import { checkRequest } from "./request-check.ts";
import { noTurn, scriptFailed, scriptedError } from "./script-errors.ts";
import { scriptRequest } from "./script-request.ts";
import { sendError, sendReply } from "./send-reply.ts";
import { promptPieces, promptTokens } from "./token-count.ts";
import type { WireReply, WireRequest } from "./wire.ts";

/** Options of {@link startMessagesServer}. */
export interface MessagesServerOptions {
  /** The key that requests must carry. Default: any key. */
  readonly apiKey?: string;
  /** Models that it knows; others are not found. */
  readonly models?: readonly ServedModel[];
  /** The shortest prompt prefix that it caches, in tokens. Default 1024. */
  readonly cacheMinimumTokens?: number;
  /** Largest body in bytes. Default 32 MB. */
  readonly maxBodyBytes?: number;
  /** Default: any free port. */
  readonly port?: number;
}

/** A request as the server's log keeps it; headers that carry secrets are left out. */
export interface LoggedRequest {
  /** 1 for the first request to `/v1/messages`; missing for other routes. */
  readonly number?: number;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body?: Json;
  readonly status?: number;
  /** `open`: not answered yet. `broken`: a fault of the script. `aborted`: the caller went away. */
  readonly outcome: "open" | "answered" | "refused" | "broken" | "aborted";
}

/** A running server. */
export interface MessagesServer extends AsyncDisposable {
  /** What `ANTHROPIC_BASE_URL` takes. */
  readonly url: string;
  readonly port: number;
  readonly bill: Bill;
  readonly requests: readonly LoggedRequest[];
  /** Ends every connection, stalled ones too. May be called twice. */
  readonly close: () => Promise<void>;
}

type MadeReply = { readonly delayMs?: number } & (
  | { readonly error: ApiError }
  | { readonly turn: ScriptTurn; readonly wire: WireRequest; readonly delivered: WireReply }
);

/**
 * Starts a server on 127.0.0.1 that speaks the Messages API and answers by a script: replies as JSON and as streams,
 * tool uses, token counts, models, errors, broken connections. It refuses what the API refuses. A request that no
 * rule matches gets status 400 with `script has no turn for this request`. Usage is counted from the request's and
 * the reply's text by core's `estimateTokens`, with a prompt cache, unless a turn gives its own.
 *
 * @example
 * await using server = await startMessagesServer({ name: "hello", turns: [{ text: "Hello." }] });
 * const client = new Anthropic({ baseURL: server.url, apiKey: "test" });
 */
export async function startMessagesServer(
  script: Script | ScriptFunction,
  options: MessagesServerOptions = {},
): Promise<MessagesServer> {
  const checked = typeof script === "function" ? { name: "function", turns: [script] } : defineScript(script);
  const player = playScript(checked);
  const models = options.models ?? SERVED_MODELS;
  const cache = createPromptCache(options.cacheMinimumTokens ?? 1024);
  const paused = new Set<string>();
  const isPaused = (content: unknown): boolean => paused.has(canonicalJson(content));
  const log: LoggedRequest[] = [];
  let bill = EMPTY_BILL;
  let count = 0;

  const server = await startLoopbackServer(answer, options.port);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? "/", "http://127.0.0.1").pathname;
    const method = request.method ?? "GET";
    const isMessages = method === "POST" && path === "/v1/messages";
    const at = log.push({ method, path, headers: openHeaders(request.headers), outcome: "open" }) - 1;
    const note = (change: Partial<LoggedRequest>): void => {
      log[at] = { ...(log[at] as LoggedRequest), ...change };
    };
    const number = isMessages ? ++count : undefined;
    if (number !== undefined) note({ number });
    response.setHeader("request-id", `req_${String(at + 1).padStart(6, "0")}`);
    const leaving = new AbortController();
    const leave = (): void => leaving.abort();
    response.once("close", leave);
    server.closing.addEventListener("abort", leave, { once: true });
    const refuse = (error: ApiError): void => {
      note({ status: error.status, outcome: "refused" });
      sendError(response, error);
    };
    try {
      const bytes = await readBody(request, options.maxBodyBytes ?? 32_000_000);
      if (bytes === undefined)
        return refuse({ status: 413, type: errorType(413), message: "Request exceeds the maximum size" });
      const denied = checkKey(request.headers, options.apiKey);
      if (denied !== undefined) return refuse(denied);
      const body = bytes.length === 0 ? undefined : parse(bytes.toString("utf8"));
      if (body !== undefined) note({ body: body as Json });
      if (isMessages) {
        const made = await makeReply(body, request.headers, number ?? 0);
        if (made.delayMs !== undefined) await sleep(made.delayMs, undefined, { signal: leaving.signal });
        if ("error" in made) return refuse(made.error);
        const { turn, wire, delivered } = made;
        const outcome = await sendReply(response, delivered, turn, wire.stream === true, leaving.signal);
        return note({ status: 200, outcome });
      }
      const other = answerOther(method, path, body, request.headers);
      if ("error" in other) return refuse(other.error);
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(other.value));
      note({ status: 200, outcome: "answered" });
    } catch (error) {
      // The caller went away or the server closes; whatever else it is belongs to the script, and is told to the caller.
      if (leaving.signal.aborted || response.destroyed) return note({ outcome: "aborted" });
      if (response.headersSent) response.destroy();
      else refuse(scriptFailed(error));
    } finally {
      server.closing.removeEventListener("abort", leave);
      response.off("close", leave);
    }
  }

  async function makeReply(body: unknown, headers: IncomingHttpHeaders, number: number): Promise<MadeReply> {
    const fault = checkVersion(headers) ?? checkRequest(body, models, "create", isPaused);
    if (fault !== undefined) return { error: fault };
    const wire = body as WireRequest;
    const request = scriptRequest(wire, number);
    const turn = await player.next(request);
    if (turn === undefined) return { error: noTurn(checked, request) };
    const delay = turn.delayMs === undefined ? {} : { delayMs: turn.delayMs };
    if (turn.error !== undefined) return { error: scriptedError(turn), ...delay };
    const delivered = buildReply(turn, wire, number, cache.use(wire.model, promptPieces(wire)));
    if (delivered.stop_reason === "pause_turn") paused.add(canonicalJson(delivered.content));
    bill = charge(bill, delivered.usage);
    return { turn, wire, delivered, ...delay };
  }

  function answerOther(
    method: string,
    path: string,
    body: unknown,
    headers: IncomingHttpHeaders,
  ): { readonly error: ApiError } | { readonly value: unknown } {
    if (method === "POST" && path === "/v1/messages/count_tokens") {
      const fault = checkVersion(headers) ?? checkRequest(body, models, "count", isPaused);
      return fault === undefined
        ? { value: { input_tokens: promptTokens(body as WireRequest) } }
        : { error: fault };
    }
    if (method === "GET" && path === "/v1/models") {
      const data = models.map(modelRecord);
      return {
        value: { data, has_more: false, first_id: models[0]?.id ?? null, last_id: models.at(-1)?.id ?? null },
      };
    }
    const id = method === "GET" ? /^\/v1\/models\/([^/]+)$/.exec(path)?.[1] : undefined;
    if (id !== undefined) {
      const found = findModel(models, decodeURIComponent(id));
      return found === undefined
        ? { error: { status: 404, type: errorType(404), message: `model: ${id}` } }
        : { value: modelRecord(found) };
    }
    return { error: { status: 404, type: errorType(404), message: `${method} ${path} is not a route` } };
  }

  return {
    url: server.url,
    port: server.port,
    get bill() {
      return bill;
    },
    get requests() {
      return log;
    },
    close: server.close,
    [Symbol.asyncDispose]: server.close,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the check of the request says so as the API does.
    return text;
  }
}

function checkKey(headers: IncomingHttpHeaders, key: string | undefined): ApiError | undefined {
  const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1];
  const given = bearer ?? headers["x-api-key"];
  if (given !== undefined && given !== "" && (key === undefined || given === key)) return undefined;
  return {
    status: 401,
    type: errorType(401),
    message: given === undefined ? "authentication is required" : "invalid bearer token",
  };
}

function checkVersion(headers: IncomingHttpHeaders): ApiError | undefined {
  return headers["anthropic-version"] === undefined
    ? badRequest("anthropic-version: header is required")
    : undefined;
}
