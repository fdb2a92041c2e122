import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { Journal } from "@mnemosyne/core";

/** Milliseconds between two looks at the journal. */
const INTERVAL = 200;
const PAGE = 2000;
/** Milliseconds without an event before a comment keeps the connection alive. */
const QUIET = 15_000;

/**
 * Server-sent events of a run: each event of the journal after `from`, with its number as id, so that a browser that
 * lost the connection goes on where it was. Ends when the client goes or the server stops.
 */
export async function streamEvents(
  journal: Journal,
  runId: string,
  from: number,
  request: IncomingMessage,
  response: ServerResponse,
  stopped: AbortSignal,
): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.write("retry: 1000\n\n");
  const gone = new AbortController();
  request.once("close", () => gone.abort());
  response.once("close", () => gone.abort());
  const signal = AbortSignal.any([gone.signal, stopped]);
  let after = from;
  let quiet = 0;
  while (!signal.aborted) {
    const events = await journal.read(runId, { after, limit: PAGE });
    if (events.length > 0) {
      const text = events.map((event) => `id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`).join("");
      after = events.at(-1)?.seq ?? after;
      quiet = 0;
      // A client that does not read is waited for, not buffered for.
      if (!response.write(text)) await drained(response, signal);
      if (events.length === PAGE) continue;
    }
    try {
      await delay(INTERVAL, undefined, { signal });
    } catch {
      // The client has gone, or the server stops.
      break;
    }
    quiet += INTERVAL;
    if (quiet >= QUIET) {
      quiet = 0;
      response.write(": still here\n\n");
    }
  }
  response.end();
}

function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    response.once("drain", done);
    signal.addEventListener("abort", done);
  });
}
