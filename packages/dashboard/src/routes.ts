import type { IncomingMessage, ServerResponse } from "node:http";
import type { Journal, MemoryStore } from "@mnemosyne/core";
import { COOKIE, type Access, type Rights } from "./access.ts";
import type { RunActions } from "./actions.ts";
import { streamEvents } from "./event-stream.ts";
import { HttpError } from "./http-error.ts";
import type { Latency } from "./latency.ts";
import type { PageFile } from "./page-files.ts";
import { readJson } from "./request-body.ts";
import { readSignal } from "./run-signal.ts";

/** What the routes work on. */
export interface RouteContext {
  readonly journal: Journal;
  readonly memories?: MemoryStore;
  readonly actions?: RunActions;
  readonly access: Access;
  readonly latency: Latency;
  readonly page: ReadonlyMap<string, PageFile>;
  readonly stopped: AbortSignal;
}

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** Parts of the path that the route names, decoded. */
  readonly parts: readonly string[];
}

interface Route {
  readonly method: "GET" | "POST";
  readonly path: RegExp;
  readonly needs: Rights | "nothing";
  readonly handle: (context: RouteContext, call: Call) => Promise<void>;
}

const RUN = String.raw`[A-Za-z0-9][A-Za-z0-9._-]{0,63}`;

const ROUTES: readonly Route[] = [
  { method: "POST", path: /^\/api\/session$/, needs: "nothing", handle: openSession },
  { method: "GET", path: /^\/api\/session$/, needs: "view", handle: showSession },
  { method: "GET", path: /^\/api\/runs$/, needs: "view", handle: listRuns },
  { method: "GET", path: new RegExp(`^/api/runs/(${RUN})$`), needs: "view", handle: showRun },
  { method: "GET", path: new RegExp(`^/api/runs/(${RUN})/events$`), needs: "view", handle: runEvents },
  { method: "GET", path: /^\/api\/payloads\/([A-Za-z0-9:_-]{8,200})$/, needs: "view", handle: payload },
  { method: "POST", path: new RegExp(`^/api/runs/(${RUN})/signal$`), needs: "act", handle: signalRun },
  { method: "GET", path: /^\/api\/memories$/, needs: "view", handle: findMemories },
  { method: "GET", path: /^\/api\/memories\/([0-9a-f-]{36})$/, needs: "view", handle: showMemory },
  { method: "GET", path: /^\/api\/performance$/, needs: "view", handle: performanceTimes },
];

/** Answers a request whose source was checked. */
export async function route(
  context: RouteContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? "/", "http://localhost");
  if (!url.pathname.startsWith("/api/")) {
    servePage(context, request, response, url.pathname);
    return;
  }
  const here = ROUTES.filter(({ path }) => path.test(url.pathname));
  const found = here.find(({ method }) => method === request.method);
  if (found === undefined)
    throw here.length === 0
      ? new HttpError(404, "There is nothing at this address.")
      : new HttpError(405, "This address does not take that method.");
  if (found.needs !== "nothing") {
    const rights = context.access.rightsOf(request);
    if (rights === undefined) throw new HttpError(401, "Open the address that the command printed.");
    if (found.needs === "act" && rights !== "act")
      throw new HttpError(403, "This session may look, but not act.");
  }
  const parts = (found.path.exec(url.pathname) ?? []).slice(1).map(decodeURIComponent);
  await found.handle(context, { request, response, url, parts });
}

function servePage(
  { page }: RouteContext,
  request: IncomingMessage,
  response: ServerResponse,
  address: string,
): void {
  if (request.method !== "GET" && request.method !== "HEAD")
    throw new HttpError(405, "Pages are read with GET.");
  const file = page.get(address === "/" ? "/index.html" : address);
  if (file === undefined) throw new HttpError(404, "There is nothing at this address.");
  const isCompressed = /\bgzip\b/.test(request.headers["accept-encoding"] ?? "");
  const bytes = isCompressed ? file.compressed : file.bytes;
  response.writeHead(200, {
    "content-type": file.type,
    "content-length": bytes.length,
    "cache-control": file.immutable ? "public, max-age=31536000, immutable" : "no-cache",
    vary: "accept-encoding",
    ...(isCompressed ? { "content-encoding": "gzip" } : {}),
  });
  response.end(request.method === "HEAD" ? undefined : bytes);
}

function send(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(value));
}

async function openSession({ access }: RouteContext, { request, response }: Call): Promise<void> {
  const { code } = await readJson(request);
  const opened = typeof code === "string" ? access.exchange(code, Date.now()) : undefined;
  if (opened === undefined) throw new HttpError(401, "This code was used already, or is too old.");
  response.setHeader("set-cookie", `${COOKIE}=${opened.session}; HttpOnly; SameSite=Strict; Path=/`);
  send(response, { rights: opened.rights });
}

async function showSession(context: RouteContext, { request, response }: Call): Promise<void> {
  send(response, {
    rights: context.access.rightsOf(request),
    canAct: context.actions !== undefined,
    hasMemories: context.memories !== undefined,
  });
}

async function listRuns({ journal, latency }: RouteContext, { response, url }: Call): Promise<void> {
  const limit = wholeNumber(url, "limit", 200, 1, 1000);
  send(response, { runs: await latency.measure("journal.listRuns", () => journal.listRuns({ limit })) });
}

async function showRun({ journal, latency }: RouteContext, { response, parts }: Call): Promise<void> {
  const run = await latency.measure("journal.getRun", () => journal.getRun(parts[0] ?? ""));
  if (run === undefined) throw new HttpError(404, "There is no such run.");
  send(response, run);
}

async function runEvents(context: RouteContext, { request, response, parts, url }: Call): Promise<void> {
  const { journal, latency, stopped } = context;
  const [runId = ""] = parts;
  if ((await journal.getRun(runId)) === undefined) throw new HttpError(404, "There is no such run.");
  const last = Number(request.headers["last-event-id"]);
  const from = Number.isSafeInteger(last) && last > 0 ? last : wholeNumber(url, "from", 0, 0);
  if (/\btext\/event-stream\b/.test(request.headers.accept ?? "")) {
    await streamEvents(journal, runId, from, request, response, stopped);
    return;
  }
  const limit = wholeNumber(url, "limit", 5000, 1, 10_000);
  const read = (): ReturnType<Journal["read"]> => journal.read(runId, { after: from, limit });
  send(response, { events: await latency.measure("journal.read", read) });
}

async function payload({ journal }: RouteContext, { response, parts }: Call): Promise<void> {
  const text = await journal.readPayload({ hash: parts[0] ?? "" });
  if (text === undefined) throw new HttpError(404, "This payload is gone.");
  send(response, { text });
}

async function signalRun({ actions }: RouteContext, { request, response, parts }: Call): Promise<void> {
  if (actions === undefined) throw new HttpError(403, "This dashboard only shows.");
  send(response, { changed: await actions.signal(parts[0] ?? "", readSignal(await readJson(request))) });
}

async function findMemories({ memories, latency }: RouteContext, { response, url }: Call): Promise<void> {
  if (memories === undefined) throw new HttpError(404, "This dashboard has no memories.");
  const query = (url.searchParams.get("query") ?? "").slice(0, 10_000);
  const namespace = url.searchParams.get("namespace") ?? "global";
  const limit = wholeNumber(url, "limit", 30, 1, 200);
  const hits =
    query.trim() === ""
      ? await latency.measure("memory.list", () => memories.listRecent({ namespace, limit }))
      : await latency.measure("memory.search", () =>
          memories.search(query, { namespace, limit, explain: true }),
        );
  send(response, { memories: hits, stats: await memories.getStats() });
}

async function showMemory({ memories, latency }: RouteContext, { response, parts }: Call): Promise<void> {
  const memory = await latency.measure("memory.get", async () => await memories?.get(parts[0] ?? ""));
  if (memory === undefined) throw new HttpError(404, "There is no such memory.");
  send(response, memory);
}

async function performanceTimes({ latency }: RouteContext, { response }: Call): Promise<void> {
  send(response, { operations: latency.rows() });
}

function wholeNumber(
  url: URL,
  name: string,
  preset: number,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number {
  const text = url.searchParams.get(name);
  if (text === null) return preset;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least || value > most)
    throw new HttpError(400, `'${name}' must be a whole number from ${least} to ${most}.`);
  return value;
}
