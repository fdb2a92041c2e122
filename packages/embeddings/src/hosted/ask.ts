import { setTimeout as sleep } from "node:timers/promises";
import { MnemosyneError } from "@mnemosyne/core";

/** Where and how to ask. */
export interface Service {
  readonly url: URL;
  /** Its address without what may be secret. */
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What must not stand in an error. */
  readonly secrets: readonly string[];
  /** Milliseconds. */
  readonly timeout: number;
  readonly maxRetries: number;
  /** Milliseconds. */
  readonly maxWait: number;
}

/** A failed attempt. */
interface Failure {
  readonly error: MnemosyneError;
  /** Milliseconds that the service asks to wait. */
  readonly retryAfter?: number | undefined;
}

const FIRST_WAIT = 500;
/** Characters of a service's own message that an error repeats. */
const QUOTED = 300;

/** Sends a request until it is answered, at most `maxRetries` times more than once. Gives the answer's JSON. */
export async function ask(service: Service, body: unknown, signal: AbortSignal): Promise<unknown> {
  for (let attempt = 0; ; attempt++) {
    const outcome = await once(service, body, signal);
    if ("answer" in outcome) return outcome.answer;
    const { error, retryAfter } = outcome;
    if (!error.retryable || attempt >= service.maxRetries) throw error;
    const wait = retryAfter ?? Math.min(FIRST_WAIT * 2 ** attempt, 8000) * (0.5 + Math.random() / 2);
    if (wait > service.maxWait) throw error;
    await sleep(wait, undefined, { signal });
  }
}

async function once(
  service: Service,
  body: unknown,
  signal: AbortSignal,
): Promise<Failure | { readonly answer: unknown }> {
  const limit = AbortSignal.timeout(service.timeout);
  let response: Response;
  let text: string;
  try {
    response = await fetch(service.url, {
      method: "POST",
      headers: service.headers,
      body: JSON.stringify(body),
      // A redirection would carry texts, and maybe the key, to somewhere else.
      redirect: "manual",
      signal: AbortSignal.any([signal, limit]),
    });
    text = await response.text();
  } catch (cause) {
    signal.throwIfAborted();
    return { error: unanswered(service, limit.aborted, cause) };
  }
  if (!response.ok)
    return { error: refusal(service, response, text), retryAfter: retryAfterOf(response.headers) };
  try {
    return { answer: JSON.parse(text) as unknown };
  } catch {
    // What is cut off or a proxy's page may be whole the next time.
    return {
      error: failure("E_UNAVAILABLE", service, `did not answer with JSON: ${quoted(text, service)}`, true),
    };
  }
}

function unanswered(service: Service, timedOut: boolean, cause: unknown): MnemosyneError {
  if (timedOut) return failure("E_UNAVAILABLE", service, `did not answer within ${service.timeout} ms`, true);
  const { message, cause: deeper } = cause instanceof Error ? cause : new Error(String(cause));
  const why = deeper instanceof Error && deeper.message !== "" ? deeper.message : message;
  return failure("E_UNAVAILABLE", service, `cannot be reached: ${quoted(why, service)}`, true);
}

function refusal(service: Service, { status }: Response, text: string): MnemosyneError {
  const said = quoted(messageIn(text), service);
  const facts = `answered with status ${status}${said === "" ? "" : `: ${said}`}`;
  if (status === 401 || status === 403)
    return failure("E_MODEL_AUTH", service, facts, false, status, "Check the key, and what it may do.");
  if (status === 429) return failure("E_MODEL_OVERLOADED", service, facts, true, status);
  if (status === 408 || status === 409 || status >= 500)
    return failure("E_UNAVAILABLE", service, facts, true, status);
  const hint =
    "Check the url, the model's name, its dimensions, and how long a text it takes (maxCharacters).";
  return failure("E_MODEL", service, facts, false, status, hint);
}

function failure(
  code: "E_MODEL" | "E_MODEL_AUTH" | "E_MODEL_OVERLOADED" | "E_UNAVAILABLE",
  service: Service,
  what: string,
  retryable: boolean,
  status?: number,
  hint?: string,
): MnemosyneError {
  return new MnemosyneError(code, `The embeddings service ${service.name} ${what}.`, {
    kind: "unavailable",
    retryable,
    ...(hint === undefined ? {} : { hint }),
    ...(status === undefined ? {} : { details: { status } }),
  });
}

/** The message in a service's error, in the shapes that are usual. */
function messageIn(text: string): string {
  try {
    const reply = JSON.parse(text) as {
      error?: { message?: unknown } | string;
      detail?: unknown;
      message?: unknown;
    };
    const { error, detail, message } = reply;
    const said = typeof error === "object" ? error.message : (error ?? detail ?? message);
    return typeof said === "string" ? said : text;
  } catch {
    // Not JSON: then the text itself is the message.
    return text;
  }
}

function quoted(text: string, { secrets }: Service): string {
  let safe = text.replaceAll(/\s+/g, " ").trim();
  for (const secret of secrets) safe = safe.replaceAll(secret, "[redacted]");
  return safe.length > QUOTED ? `${safe.slice(0, QUOTED)}...` : safe;
}

/** Milliseconds that the headers ask to wait. */
function retryAfterOf(headers: Headers): number | undefined {
  const exact = Number.parseFloat(headers.get("retry-after-ms") ?? "");
  if (exact >= 0) return exact;
  const given = headers.get("retry-after");
  if (given === null) return undefined;
  if (/^\s*[\d.]+\s*$/.test(given)) return Number.parseFloat(given) * 1000;
  const date = Date.parse(given);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
