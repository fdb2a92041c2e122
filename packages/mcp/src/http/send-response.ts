import { once } from "node:events";
import type { ServerResponse } from "node:http";

/** Sends an answer as it comes. A client that takes nothing for so many milliseconds is given up. */
export async function sendResponse(
  answer: Response,
  response: ServerResponse,
  timeout: number,
): Promise<void> {
  response.writeHead(answer.status, {
    ...Object.fromEntries(answer.headers),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  const reader = answer.body?.getReader();
  if (reader === undefined) {
    response.end();
    return;
  }
  const gone = new Promise<undefined>((resolve) => {
    response.once("close", () => resolve(undefined));
  });
  try {
    for (;;) {
      const part = await Promise.race([reader.read(), gone]);
      if (part === undefined || part.done || response.destroyed) break;
      if (!response.write(part.value))
        await once(response, "drain", { signal: AbortSignal.timeout(timeout) });
    }
  } finally {
    // Nobody listens any more, or everything was said.
    await reader.cancel().catch(() => undefined);
  }
  response.end();
}
