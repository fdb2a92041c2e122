import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { homedir } from "node:os";
import path from "node:path";
import { MnemosyneError, type Journal, type MemoryStore } from "@mnemosyne/core";
import { Access, type Rights } from "./access.ts";
import type { RunActions } from "./actions.ts";
import { checkSource, secure } from "./guard.ts";
import { HttpError } from "./http-error.ts";
import { Latency } from "./latency.ts";
import { readPage } from "./page-files.ts";
import { route, type RouteContext } from "./routes.ts";
import { readTokens } from "./token-file.ts";

/** Options of {@link startDashboard}. */
export interface DashboardOptions {
  readonly journal: Journal;
  /** Without it the page has no memories. */
  readonly memories?: MemoryStore;
  /** Without it the page only shows. */
  readonly actions?: RunActions;
  /** Default: any free one. */
  readonly port?: number;
  /**
   * Where the tokens for programs are, readable by the user alone. Keep it outside of every workspace. Default:
   * `$XDG_STATE_HOME/mnemosyne/dashboard.json`, else `~/.local/state/mnemosyne/dashboard.json`.
   */
  readonly tokenFile?: string;
}

/** A running dashboard. */
export interface Dashboard {
  readonly port: number;
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string;
  readonly tokenFile: string;
  /** An address for one browser, good once and for ten minutes. Default rights: `act`. */
  address(rights?: Rights): string;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Milliseconds for a client's headers and for its whole request. */
const HEADERS_TIME = 5000;
const REQUEST_TIME = 15_000;

/**
 * Serves the page on the loopback interface. Nobody gets in without a code from `address` or a token from the token
 * file; to look and to act are separate rights. Errors: `E_UNAVAILABLE` when the port is taken or the page is not
 * built, `E_INPUT` when the token file cannot be written.
 *
 * @example
 * const dashboard = await startDashboard({ journal: storage.journal, memories: storage });
 * console.log(dashboard.address("view"));
 */
export async function startDashboard(options: DashboardOptions): Promise<Dashboard> {
  const tokenFile = options.tokenFile ?? defaultTokenFile();
  const [page, tokens] = await Promise.all([readPage(), readTokens(tokenFile)]);
  const stopped = new AbortController();
  const context: RouteContext = {
    ...options,
    access: new Access(tokens),
    latency: new Latency(),
    page,
    stopped: stopped.signal,
  };
  let port = 0;
  const server = createServer((request, response) => {
    answer(context, () => port, request, response).catch((error: unknown) => refuse(response, error));
  });
  server.headersTimeout = HEADERS_TIME;
  server.requestTimeout = REQUEST_TIME;
  server.maxHeadersCount = 100;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) =>
      reject(
        new MnemosyneError(
          "E_UNAVAILABLE",
          `Port ${options.port ?? 0} cannot be served; choose another one.`,
          {
            kind: "unavailable",
            path: "port",
            cause,
          },
        ),
      ),
    );
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const bound = server.address();
  port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const origin = `http://127.0.0.1:${port}`;
  const close = async (): Promise<void> => {
    stopped.abort();
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  return {
    port,
    origin,
    tokenFile,
    address: (rights = "act") => `${origin}/#code=${context.access.code(rights, Date.now())}`,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function defaultTokenFile(): string {
  const state = process.env["XDG_STATE_HOME"];
  const folder = state === undefined || state === "" ? path.join(homedir(), ".local", "state") : state;
  return path.join(folder, "mnemosyne", "dashboard.json");
}

async function answer(
  context: RouteContext,
  port: () => number,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  secure(response);
  checkSource(request, port());
  await route(context, request, response);
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const { status, message } = explain(error);
  // What is left of the request is not read: the connection ends with the answer.
  response.setHeader("connection", "close");
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify({ error: { message } }));
}

const STATUS_OF_KIND: Readonly<Record<string, number>> = {
  input: 400,
  notFound: 404,
  conflict: 409,
  unavailable: 503,
};

function explain(error: unknown): { readonly status: number; readonly message: string } {
  if (error instanceof HttpError) return error;
  const { kind, message } = error as { readonly kind?: string; readonly message?: string };
  const status = STATUS_OF_KIND[kind ?? ""];
  // What was not meant for a reader may name files of this machine.
  return status === undefined
    ? { status: 500, message: "The dashboard failed." }
    : { status, message: message ?? "" };
}
