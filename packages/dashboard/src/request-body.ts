import type { IncomingMessage } from "node:http";
import { HttpError } from "./http-error.ts";

const MOST_BYTES = 64 * 1024;
/** Milliseconds in which a body must be there. */
const TIME_LIMIT = 5000;

/** The request's JSON object. Refused: another content type, more than 64 KiB, a body that comes too slowly. */
export async function readJson(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  if (!/^application\/json\b/i.test(request.headers["content-type"] ?? ""))
    throw new HttpError(415, "Send JSON with content-type application/json.");
  if (Number(request.headers["content-length"] ?? 0) > MOST_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const timer = setTimeout(
    () => request.destroy(new HttpError(408, "The body came too slowly.")),
    TIME_LIMIT,
  );
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MOST_BYTES) throw tooLarge();
      chunks.push(chunk);
    }
  } finally {
    clearTimeout(timer);
  }
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new HttpError(400, "The body is not JSON.");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new HttpError(400, "The body must be a JSON object.");
  return value as Readonly<Record<string, unknown>>;
}

function tooLarge(): HttpError {
  return new HttpError(413, `The body is larger than ${MOST_BYTES} bytes.`);
}
