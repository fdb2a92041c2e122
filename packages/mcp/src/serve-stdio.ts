import type { Readable, Writable } from "node:stream";
import type { McpServer } from "@modelcontextprotocol/server";
import { serveStdio as serveProtocol, StdioServerTransport } from "@modelcontextprotocol/server/stdio";

/** Options of `serveStdio`. */
export interface StdioOptions {
  /** Default: the process's standard input. */
  readonly input?: Readable;
  /** Default: the process's standard output. It is the protocol's alone. */
  readonly output?: Writable;
}

/** A client's connection over standard streams. */
export interface StdioServer {
  /** Resolves when the client has gone, or the server was closed. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Serves one client over standard streams. */
export function serveStdio(
  connection: () => McpServer,
  options: StdioOptions = {},
  onError?: (error: Error) => void,
): StdioServer {
  const { input = process.stdin, output = process.stdout } = options;
  const transport = new StdioServerTransport(input, output);
  const handle = serveProtocol(connection, {
    transport,
    ...(onError === undefined ? {} : { onerror: onError }),
  });
  const closed = new Promise<void>((resolve) => {
    // However the transport ends: input over, output broken, a message too big, closed here.
    const before = transport.onclose;
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the protocol's transport is no event target
    transport.onclose = () => {
      before?.();
      resolve();
    };
    input.once("end", resolve);
    input.once("close", resolve);
  });
  const close = (): Promise<void> => handle.close();
  return { closed, close, [Symbol.asyncDispose]: close };
}
