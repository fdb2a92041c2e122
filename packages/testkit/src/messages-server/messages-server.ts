import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Json } from "@mnemosyne/core";
import { playScript } from "../script/player.ts";
import {
  defineScript,
  type Script,
  type ScriptFunction,
  type ScriptRequest,
  type ScriptTurn,
} from "../script/script.ts";
import { badRequest, errorType, type ApiError } from "./api-error.ts";
import { EMPTY_BILL, charge, type Bill } from "./bill.ts";
import { SERVED_MODELS, findModel, modelRecord, type ServedModel } from "./models.ts";
import { createPromptCache } from "./prompt-cache.ts";
import { buildReply } from "./reply.ts";
import { checkRequest } from "./request-check.ts";
import { scriptRequest } from "./script-request.ts";
import { sendError, sendReply } from "./send-reply.ts";
import { promptPieces, promptTokens } from "./token-count.ts";
import type { WireRequest } from "./wire.ts";

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
  close(): Promise<void>;
}

const SECRET_HEADERS = new Set(["authorization", "x-api-key", "cookie", "proxy-authorization"]);

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
  const log: LoggedRequest[] = [];
  const closing = new AbortController();
  let bill = EMPTY_BILL;
  let count = 0;

  const server = createServer((request, response) => {
    void answer(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;

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
    closing.signal.addEventListener("abort", leave, { once: true });
    const refuse = (error: ApiError): void => {
      note({ status: error.status, outcome: "refused" });
      sendError(response, error);
    };
    try {
      const text = await readBody(request, options.maxBodyBytes ?? 32_000_000);
      if (text === undefined)
        return refuse({ status: 413, type: errorType(413), message: "Request exceeds the maximum size" });
      const denied = checkKey(request.headers, options.apiKey);
      if (denied !== undefined) return refuse(denied);
      const body = text === "" ? undefined : parse(text);
      if (body !== undefined) note({ body: body as Json });
      if (isMessages) {
        const made = await makeReply(body, request.headers, number ?? 0);
        if ("error" in made) return refuse(made.error);
        const { turn, wire, delivered } = made;
        if (turn.delayMs !== undefined) await sleep(turn.delayMs, undefined, { signal: leaving.signal });
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
      const message = error instanceof Error ? error.message : String(error);
      if (response.headersSent) response.destroy();
      else
        refuse({
          status: 400,
          type: errorType(400),
          code: "script_failed",
          message: `script failed: ${message}`,
        });
    } finally {
      closing.signal.removeEventListener("abort", leave);
      response.off("close", leave);
    }
  }

  async function makeReply(body: unknown, headers: IncomingHttpHeaders, number: number) {
    const fault = checkVersion(headers) ?? checkRequest(body, models, "create");
    if (fault !== undefined) return { error: fault };
    const wire = body as WireRequest;
    const request = scriptRequest(wire, number);
    const turn = await player.next(request);
    if (turn === undefined) return { error: noTurn(checked, request) };
    if (turn.error !== undefined) return { error: scriptedError(turn) };
    const delivered = buildReply(turn, wire, number, cache.use(wire.model, promptPieces(wire)));
    bill = charge(bill, delivered.usage);
    return { turn, wire, delivered };
  }

  function answerOther(
    method: string,
    path: string,
    body: unknown,
    headers: IncomingHttpHeaders,
  ): { readonly error: ApiError } | { readonly value: unknown } {
    if (method === "POST" && path === "/v1/messages/count_tokens") {
      const fault = checkVersion(headers) ?? checkRequest(body, models, "count");
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

  const close = async (): Promise<void> => {
    closing.abort();
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    server.closeAllConnections();
    await closed;
  };
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    get bill() {
      return bill;
    },
    get requests() {
      return log;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function openHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !SECRET_HEADERS.has(name)));
}

async function readBody(request: IncomingMessage, limit: number): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes <= limit) parts.push(part);
  }
  return bytes > limit ? undefined : Buffer.concat(parts).toString("utf8");
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

function scriptedError(turn: ScriptTurn): ApiError {
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

function noTurn(script: Script, request: ScriptRequest): ApiError {
  const facts = [
    `script '${script.name}'`,
    ...(request.task === undefined ? [] : [`task '${request.task}'`]),
    ...(request.attempt === undefined ? [] : [`attempt ${request.attempt}`]),
    `turn ${request.turn}`,
    `${request.toolResults.length} tool results`,
    `last text '${request.lastText.slice(-160).replaceAll(/\s+/g, " ")}'`,
  ];
  return {
    ...badRequest(`script has no turn for this request: ${facts.join(", ")}`),
    code: "script_no_turn",
  };
}
