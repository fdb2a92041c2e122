import type { IncomingMessage } from "node:http";
import { Refusal } from "./access.ts";

/** The body's bytes. Throws a refusal as soon as it is known to be too big. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const tooBig = () => new Refusal(413, `The body has more than ${limit} bytes.`);
  if (Number(request.headers["content-length"] ?? 0) > limit) throw tooBig();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw tooBig();
    chunks.push(chunk);
  }
  const body = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}
