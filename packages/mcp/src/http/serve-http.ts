import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { MnemosyneError } from "@mnemosyne/core";
import { createMcpHandler, type McpServer } from "@modelcontextprotocol/server";
import { Refusal, refusalOf, type Access } from "./access.ts";
import { readBody } from "./read-body.ts";
import { sendResponse } from "./send-response.ts";

const PATH = "/mcp";

/** Options of `serveHttp`. */
export interface HttpOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** What clients send as `Authorization: Bearer TOKEN`. At least 16 characters. */
  readonly token: string;
  /** Most bytes of a request's body. Default 1 MiB. */
  readonly maxBodyBytes?: number;
  /** Milliseconds that a client has to send its request, and to take each part of the answer. Default 30,000. */
  readonly clientTimeout?: number;
}

/** A listening server. */
export interface HttpServer {
  readonly port: number;
  /** Where clients connect to. */
  readonly url: string;
  /** Refuses new connections and ends the open ones. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Serves streamable HTTP on 127.0.0.1. Each request needs the token, a Host that names this server, and (from a browser) an
 * Origin that does; a body too big or a client too slow is refused. Throws `E_INPUT` for a short token, `E_UNAVAILABLE` when
 * the port is taken.
 */
export async function serveHttp(
  connection: () => McpServer,
  options: HttpOptions,
  onError?: (error: Error) => void,
): Promise<HttpServer> {
  const { token, maxBodyBytes = 1_048_576, clientTimeout = 30_000 } = options;
  if (token.length < 16)
    throw new MnemosyneError("E_INPUT", "The token needs at least 16 characters; make a random one.", {
      kind: "input",
      path: "token",
    });
  const handler = createMcpHandler(connection, {
    maxRequestBodySize: maxBodyBytes,
    ...(onError === undefined ? {} : { onerror: onError }),
  });
  let access: Access = { token, port: options.port };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const refused = refusalOf(request, access);
    if (refused !== undefined) throw refused;
    const url = new URL(request.url ?? "/", `http://127.0.0.1:${access.port}`);
    if (url.pathname !== PATH) throw new Refusal(404, "There is nothing here; the server is at /mcp.");
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const body = await readBody(request, maxBodyBytes);
    const { method = "GET", headers } = request;
    const answered = await handler.fetch(
      new Request(url, {
        method,
        headers: Object.entries(headers).flatMap(([name, value]): [string, string][] =>
          value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : value]],
        ),
        signal: gone.signal,
        ...(body.length === 0 || method === "GET" || method === "HEAD" ? {} : { body }),
      }),
    );
    await sendResponse(answered, response, clientTimeout);
  };
  const server = createServer(
    {
      headersTimeout: clientTimeout,
      requestTimeout: clientTimeout,
      connectionsCheckingInterval: Math.min(1000, clientTimeout),
      keepAliveTimeout: 60_000,
      maxHeaderSize: 16_384,
    },
    (request, response) => {
      answer(request, response).catch((error: unknown) => {
        if (response.headersSent || response.destroyed) response.destroy();
        else refuse(response, error);
        if (!(error instanceof Refusal)) onError?.(error instanceof Error ? error : new Error(String(error)));
      });
    },
  );
  server.maxConnections = 2048;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      reject(
        new MnemosyneError("E_UNAVAILABLE", `Port ${options.port} cannot be listened on: ${cause.message}.`, {
          kind: "unavailable",
          hint: "Take another port, or 0 for a free one.",
          cause,
        }),
      );
    });
    server.listen(options.port, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  access = { token, port };
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    await handler.close();
    server.closeAllConnections();
    await closed;
  };
  return { port, url: `http://127.0.0.1:${port}${PATH}`, close, [Symbol.asyncDispose]: close };
}

function refuse(response: ServerResponse, error: unknown): void {
  const status = error instanceof Refusal ? error.status : 500;
  const message = error instanceof Refusal ? error.message : "The server failed.";
  response.writeHead(status, {
    "content-type": "application/json",
    connection: "close",
    ...(status === 401 ? { "www-authenticate": "Bearer" } : {}),
  });
  response.end(JSON.stringify({ error: message }));
}
