import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A request as it came. */
export interface Asked {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: {
    readonly input: readonly string[];
    readonly model: string;
    readonly input_type?: string;
    readonly dimensions?: number;
    readonly output_dimension?: number;
    readonly encoding_format?: string;
  };
  /** Milliseconds since the service began. */
  readonly at: number;
}

/** Answers a request in the place of the right answer, and says whether it did. */
export type Fault = (response: ServerResponse, asked: Asked) => boolean;

/** A service on loopback that speaks `/v1/embeddings`, and misbehaves as told, once a fault. */
export interface EmbeddingsService {
  readonly url: string;
  readonly asked: readonly Asked[];
  readonly faults: Fault[];
  close(): Promise<void>;
}

/** What the service gives for a text. */
export function vectorOf(given: string, dimensions: number): number[] {
  const vector = Array.from({ length: dimensions }, (_, at) => Math.sin(at + 1) / 100);
  for (let at = 0; at + 1 < given.length; at++) {
    const place = (given.charCodeAt(at) * 31 + given.charCodeAt(at + 1)) % dimensions;
    vector[place] = (vector[place] ?? 0) + (place % 2 === 0 ? 1 : -1);
  }
  return vector;
}

export async function startEmbeddingsService(dimensions: number): Promise<EmbeddingsService> {
  const asked: Asked[] = [];
  const faults: Fault[] = [];
  const began = performance.now();
  const server = createServer((request, response) => {
    void (async () => {
      const body = JSON.parse(await text(request)) as Asked["body"];
      const one = { path: request.url ?? "", headers: request.headers, body, at: performance.now() - began };
      asked.push(one);
      if (faults.shift()?.(response, one) === true) return;
      const length = body.dimensions ?? body.output_dimension ?? dimensions;
      const data = body.input.map((input, index) => ({
        object: "embedding",
        index,
        embedding: vectorOf(input, length),
      }));
      // In no order: the index says where each belongs.
      answer(response, 200, {
        object: "list",
        data: data.toReversed(),
        model: body.model,
        usage: { total_tokens: 1 },
      });
    })();
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked,
    faults,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Sends a whole answer. */
export function answer(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): boolean {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
  return true;
}
