import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { MnemosyneError, type Json } from "@mnemosyne/core";
import { readBody } from "../http/incoming.ts";
import { startLoopbackServer } from "../http/loopback-server.ts";
import { sendError } from "../messages-server/send-reply.ts";
import { alsoRedact, redactEventStream, redactSecrets, type Redact } from "./redact.ts";
import { TAPE_HEADER, VOLATILE, readTape, tapeKey, type TapeEnding, type TapeEntry } from "./tape.ts";
import { tapeMiss } from "./tape-miss.ts";

/** Options of {@link startTapeServer}. */
export interface TapeServerOptions {
  /** `record` begins the file anew. */
  readonly mode: "record" | "replay";
  readonly file: string;
  /** Where recorded requests go. Default `https://api.anthropic.com`. */
  readonly upstream?: string;
  /** Takes secrets out of every body before it is kept. Default {@link redactSecrets}. */
  readonly redact?: Redact;
  /** Patterns of what differs from run to run; two requests that differ only there are the same. Default {@link VOLATILE}. */
  readonly volatile?: readonly RegExp[];
  readonly fetch?: typeof fetch;
}

/** A running tape. */
export interface TapeServer extends AsyncDisposable {
  /** What `ANTHROPIC_BASE_URL` takes. */
  readonly url: string;
  /** Requests that were recorded or replayed so far. */
  readonly count: number;
  /** Replay: recorded requests that nobody has made yet. */
  readonly unused: readonly TapeEntry[];
  /** Ends every connection; when it resolves, everything recorded is on the file. */
  readonly close: () => Promise<void>;
}

const KEPT_HEADERS =
  /^(?:content-type|request-id|retry-after|retry-after-ms|x-should-retry|anthropic-ratelimit-.*)$/;
const FORWARDED = /^(?:authorization|x-api-key|content-type|accept|anthropic-.*|x-stainless-.*|user-agent)$/;
const LIMIT = 64_000_000;

/**
 * A server on 127.0.0.1 between a client and a provider. Recording passes everything on and keeps each request and
 * its reply, word for word, failed tries and broken connections too; replaying gives the same replies in the same
 * order without a provider. Headers that carry secrets never reach the file, and bodies pass `redact` first. A
 * request that the tape does not hold gets status 400 with `tape has no reply for this request` and where it differs.
 *
 * @example
 * await using tape = await startTapeServer({ mode: "record", file: "session.jsonl" });
 * const client = new Anthropic({ baseURL: tape.url });
 */
export async function startTapeServer(options: TapeServerOptions): Promise<TapeServer> {
  const {
    mode,
    file,
    upstream = "https://api.anthropic.com",
    redact = redactSecrets,
    volatile = VOLATILE,
  } = options;
  const send = options.fetch ?? fetch;
  const unused: TapeEntry[] = mode === "replay" ? [...(await readTape(file))] : [];
  if (mode === "record") await begin(file);
  let count = 0;
  let writing: Promise<void> = Promise.resolve();
  const open = new Set<Promise<void>>();

  const server = await startLoopbackServer((request, response) => {
    const handled = (mode === "record" ? record(request, response) : replay(request, response)).catch(
      (error: unknown) => fail(response, error),
    );
    open.add(handled);
    return handled.finally(() => open.delete(handled));
  });

  async function replay(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, path, body } = await readRequest(request, redact);
    const key = tapeKey(method, path, body, volatile);
    const at = unused.findIndex((entry) => entry.key === key);
    const entry = unused[at];
    if (entry === undefined) return sendError(response, tapeMiss(method, path, body, unused, volatile));
    unused.splice(at, 1);
    count += 1;
    if (entry.ending === "unreached") return void response.destroy();
    response.writeHead(entry.status, entry.headers);
    response.write(entry.body);
    if (entry.ending === "whole") response.end();
    else if (entry.ending === "cut") setImmediate(() => response.destroy());
    // Its caller left while it waited for more: it is left waiting again.
  }

  async function record(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, path, text, body, mask } = await readRequest(request, redact);
    const caller = new AbortController();
    response.once("close", () => caller.abort());
    const reply = await passOn(method, path, text, request.headers, response, caller.signal);
    const isStream = reply.headers["content-type"]?.includes("event-stream") === true;
    const entry: TapeEntry = {
      key: tapeKey(method, path, body, volatile),
      method,
      path,
      request: body,
      status: reply.status,
      headers: reply.headers,
      body: isStream ? redactEventStream(reply.body, mask) : mask(reply.body),
      ending: reply.ending,
    };
    count += 1;
    writing = writing.then(() => appendFile(file, `${JSON.stringify(entry)}\n`));
    await writing;
    if (reply.ending === "unreached" || reply.ending === "cut") response.destroy();
    else response.end();
  }

  async function passOn(
    method: string,
    path: string,
    text: string,
    headers: IncomingHttpHeaders,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<Pick<TapeEntry, "status" | "headers" | "body" | "ending">> {
    let answer: Response;
    try {
      answer = await send(new URL(path, upstream), {
        method,
        headers: forwarded(headers),
        ...(text === "" ? {} : { body: text }),
        redirect: "manual",
        signal,
      });
    } catch {
      // Which of the two it was is all that a replay needs; the caller sees a lost connection, as it would have.
      return { status: 0, headers: {}, body: "", ending: signal.aborted ? "left" : "unreached" };
    }
    const kept = keptHeaders(answer.headers);
    response.writeHead(answer.status, kept);
    const parts: Uint8Array[] = [];
    let ending: TapeEnding = "whole";
    try {
      for await (const part of answer.body ?? []) {
        parts.push(part as Uint8Array);
        response.write(part);
      }
    } catch {
      ending = signal.aborted ? "left" : "cut";
    }
    return { status: answer.status, headers: kept, body: Buffer.concat(parts).toString("utf8"), ending };
  }

  const close = async (): Promise<void> => {
    await server.close();
    await Promise.allSettled(open);
    await writing;
  };
  return {
    url: server.url,
    get count() {
      return count;
    },
    get unused() {
      return unused;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function begin(file: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, TAPE_HEADER);
  } catch (error) {
    throw new MnemosyneError("E_INPUT", `The tape ${file} cannot be written: ${(error as Error).message}.`, {
      kind: "input",
      path: "file",
      cause: error,
    });
  }
}

async function readRequest(request: IncomingMessage, redact: Redact) {
  const { headers } = request;
  const bytes = await readBody(request, LIMIT);
  if (bytes === undefined)
    throw new MnemosyneError("E_INPUT", `A request of more than ${LIMIT} bytes cannot be taped.`, {
      kind: "input",
    });
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  const text = bytes.toString("utf8");
  const key = headers.authorization?.replace(/^Bearer +/, "") ?? "";
  const mask = alsoRedact(redact, [key, String(headers["x-api-key"] ?? "")]);
  const masked = mask(text);
  return {
    method: request.method ?? "GET",
    path: `${url.pathname}${url.search}`,
    text,
    body: parseBody(masked),
    mask,
  };
}

function parseBody(text: string): Json {
  if (text === "") return null;
  try {
    return JSON.parse(text) as Json;
  } catch {
    // Not JSON: kept as a text.
    return text;
  }
}

function forwarded(headers: IncomingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    if (FORWARDED.test(name) && typeof value === "string") kept[name] = value;
  return kept;
}

function keptHeaders(headers: Headers): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => KEPT_HEADERS.test(name)));
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) response.destroy();
  else
    sendError(response, {
      status: 500,
      type: "api_error",
      message: `the tape failed: ${(error as Error).message}`,
    });
}
