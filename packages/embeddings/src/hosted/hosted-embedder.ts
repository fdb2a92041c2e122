import { MnemosyneError, type Embedder } from "@mnemosyne/core";
import { createEmbedder } from "../create-embedder.ts";
import { ask, type Service } from "./ask.ts";
import { vectorsOf } from "./reply.ts";

/** Options of {@link createHostedEmbedder}. */
export interface HostedEmbedderOptions {
  /** The service, e.g. `https://api.openai.com/v1`; `/embeddings` is added where it is missing. */
  readonly url: string | URL;
  /** The model's name there. It becomes the embedder's name. */
  readonly model: string;
  /** The length of the vectors. What comes with another one is refused. */
  readonly dimensions: number;
  /** Whether to ask for vectors of that length, which some models can shorten theirs to. Default: false. */
  readonly shorten?: boolean;
  readonly apiKey?: string | undefined;
  /** More headers, e.g. for a gateway. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The service's dialect. `voyage` also says whether a text is a document or a query. Default: by the url, else `openai`. */
  readonly dialect?: "openai" | "voyage";
  /** Share of similarity in a mixed score, 0 to 1. Default: 0.5. */
  readonly weight?: number;
  /** The most texts a request. Default: 64. */
  readonly batchSize?: number;
  /** The most requests at once. Default: 4. */
  readonly concurrency?: number;
  /** Characters of a text that are sent; models refuse what is too long for them. Default: 20000. */
  readonly maxCharacters?: number;
  /** Milliseconds for one request. Default: 30000. */
  readonly timeout?: number;
  /** Further attempts of a request that was refused for the moment (408, 409, 429, 5xx) or got no answer. Default: 4. */
  readonly maxRetries?: number;
  /** The most milliseconds to wait for a further attempt; a service that asks for more is given up. Default: 60000. */
  readonly maxWait?: number;
}

/**
 * An embedder that asks a service: OpenAI's `/v1/embeddings` and whatever speaks like it (Azure, Ollama, vLLM, LM Studio), or
 * Voyage. Retries with growing, random waits, or for as long as the service says.
 *
 * `embed` rejects with `E_MODEL_AUTH` (key refused), `E_MODEL_OVERLOADED` and `E_UNAVAILABLE` (after the last attempt),
 * `E_MODEL` (request refused, or an answer that is none), `E_CANCELLED`. No error has the key in it.
 *
 * Throws `E_INPUT` for options that are none.
 *
 * @example
 * const embedder = createHostedEmbedder({
 *   url: "https://api.voyageai.com/v1",
 *   model: "voyage-3.5",
 *   dimensions: 1024,
 *   apiKey: process.env.VOYAGE_API_KEY,
 * });
 */
export function createHostedEmbedder(options: HostedEmbedderOptions): Embedder {
  const { model, dimensions, shorten = false, maxCharacters = 20_000 } = options;
  if (typeof model !== "string" || model === "") throw wrong("model", "must name a model");
  const service = serviceOf(options);
  const dialect =
    options.dialect ?? (/(?:^|\.)voyageai\.com$/.test(service.url.hostname) ? "voyage" : "openai");
  return createEmbedder({
    id: model.replaceAll(/[\s#]+/g, "-"),
    dimensions,
    weight: options.weight ?? 0.5,
    batchSize: options.batchSize ?? 64,
    concurrency: options.concurrency ?? 4,
    async embed(texts, { signal, purpose }) {
      const input = texts.map((text) => whole(text.slice(0, maxCharacters)));
      const size = shorten ? { [dialect === "voyage" ? "output_dimension" : "dimensions"]: dimensions } : {};
      const body =
        dialect === "voyage"
          ? { input, model, input_type: purpose, truncation: true, ...size }
          : { input, model, encoding_format: "float", ...size };
      return vectorsOf(await ask(service, body, signal), texts.length, service.name);
    },
  });
}

function serviceOf(options: HostedEmbedderOptions): Service {
  const { apiKey, headers, timeout = 30_000, maxRetries = 4, maxWait = 60_000 } = options;
  let url: URL;
  try {
    url = new URL(options.url);
  } catch (cause) {
    throw wrong("url", "must be the service's address, such as https://api.openai.com/v1", cause);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") throw wrong("url", "must begin with http");
  if (!/\/embeddings\/?$/.test(url.pathname)) url.pathname = `${url.pathname.replace(/\/$/, "")}/embeddings`;
  for (const [path, value] of Object.entries({ timeout, maxRetries, maxWait }))
    if (!Number.isSafeInteger(value) || value < 0) throw wrong(path, "must be a whole number from 0");
  const secrets = [
    apiKey,
    ...Object.values(headers ?? {}),
    url.username,
    url.password,
    ...url.searchParams.values(),
  ];
  return {
    url,
    name: `${url.origin}${url.pathname}`,
    headers: {
      "content-type": "application/json",
      ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      ...headers,
    },
    secrets: secrets.filter((secret): secret is string => secret !== undefined && secret.length > 3),
    timeout,
    maxRetries,
    maxWait,
  };
}

/** A text without half characters, which JSON and services do not agree on. */
function whole(text: string): string {
  return text.replaceAll(/\p{Surrogate}/gu, "\uFFFD");
}

function wrong(path: string, problem: string, cause?: unknown): MnemosyneError {
  return new MnemosyneError("E_INPUT", `${path} ${problem}.`, {
    kind: "input",
    path,
    ...(cause === undefined ? {} : { cause }),
  });
}
