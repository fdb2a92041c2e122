import type { Anthropic, Middleware } from "@anthropic-ai/sdk";
import type { CallObserver, ModelCall, ModelResponse } from "@mnemosyne/core";
import { mapError, notSent, retryAfterMs, statusError, type AbortCause } from "./errors.ts";
import { toResponse, type ResponseContext } from "./response.ts";

/** What an exchange needs to know. */
export interface ExchangeOptions {
  readonly call: ModelCall;
  readonly observer: CallObserver | undefined;
  readonly signal: AbortSignal | undefined;
  /** Tries after the first. */
  readonly maxRetries: number;
  /** Milliseconds for everything, waits between tries too. */
  readonly timeout: number;
  /** Milliseconds without a byte of a stream. */
  readonly idleTimeout: number;
  readonly response: Omit<ResponseContext, "durationMs">;
}

/** The request options that the SDK gets. */
export interface ExchangeRequestOptions {
  readonly signal: AbortSignal;
  readonly timeout: number;
  readonly maxRetries: number;
  readonly middleware: readonly Middleware[];
}

/**
 * One question and its answer over as many HTTP requests as the SDK makes of it. The observer sees each of them:
 * `before` right before it leaves, `after` when its fate is known, strictly in turn.
 */
export interface Exchange {
  readonly request: ExchangeRequestOptions;
  /** HTTP requests that left so far. */
  readonly attempts: () => number;
  /** The answer has come whole. */
  succeed(message: Anthropic.Message): Promise<ModelResponse>;
  /** No answer came; gives the error to throw. */
  fail(error: unknown): Promise<unknown>;
  /** Ends timers and whatever is still under way. Call it in any case. */
  end(): void;
}

/** Begins an exchange; its time runs from now. */
export function beginExchange(options: ExchangeOptions): Exchange {
  const { observer, signal, timeout, idleTimeout } = options;
  const controller = new AbortController();
  const deadline = performance.now() + timeout;
  let aborted: AbortCause | undefined;
  let attempts = 0;
  let open: { readonly call: ModelCall; readonly began: number; failure?: unknown } | undefined;
  /** What the observer threw: it stops everything and is thrown as it is. */
  let stopped: { readonly error: unknown } | undefined;

  const abort = (cause: AbortCause): void => {
    aborted ??= cause;
    controller.abort();
  };
  const cancel = (): void => abort("cancelled");
  const total = setTimeout(() => abort("timeout"), timeout);
  let idle: NodeJS.Timeout | undefined;
  const listenForSilence = (): void => {
    clearTimeout(idle);
    idle = setTimeout(() => abort("idle"), idleTimeout);
  };
  if (signal?.aborted === true) cancel();
  else signal?.addEventListener("abort", cancel, { once: true });

  async function settle(result: {
    readonly response?: ModelResponse;
    readonly error?: unknown;
  }): Promise<void> {
    const settled = open;
    if (settled === undefined) return;
    open = undefined;
    await observer?.after?.(settled.call, { ...result, durationMs: performance.now() - settled.began });
  }

  /** Lets the observer act; what it throws ends the exchange, past every retry of the SDK. */
  async function observed(act: () => Promise<void> | void): Promise<void> {
    try {
      await act();
    } catch (error) {
      stopped = { error };
      controller.abort();
      throw error;
    }
  }

  const observe: Middleware = async (request, next) => {
    clearTimeout(idle);
    const previous = open;
    if (previous !== undefined) await observed(() => settle({ error: previous.failure }));
    const call = { ...options.call };
    await observed(() => observer?.before?.(call));
    // The signal may have fired while the observer was asked; then the request must not leave.
    if (controller.signal.aborted) {
      open = { call, began: performance.now(), failure: notSent(aborted ?? "cancelled", signal?.reason) };
      throw controller.signal.reason;
    }
    attempts += 1;
    const began = performance.now();
    open = { call, began };
    let answer: Response;
    try {
      answer = await next(request);
    } catch (error) {
      if (aborted === undefined) open.failure = mapError(error, { attempts });
      throw error;
    }
    if (!answer.ok) {
      open.failure = statusError(answer.status, answer.headers);
      return waitsTooLong(answer.headers, deadline) ? withHeader(answer, "x-should-retry", "false") : answer;
    }
    const isStream = answer.headers.get("content-type")?.includes("event-stream") === true;
    if (!isStream || answer.body === null) return answer;
    listenForSilence();
    const watched = answer.body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, sink) {
          listenForSilence();
          sink.enqueue(chunk);
        },
      }),
    );
    return new Response(watched, answer);
  };

  return {
    request: {
      signal: controller.signal,
      timeout,
      maxRetries: options.maxRetries,
      middleware: [observe],
    },
    attempts: () => attempts,
    async succeed(message) {
      const began = open?.began ?? performance.now();
      const response = toResponse(message, { ...options.response, durationMs: performance.now() - began });
      await observed(() => settle({ response }));
      return response;
    },
    async fail(error) {
      if (stopped !== undefined) return stopped.error;
      const waited = aborted === "timeout" ? open?.failure : undefined;
      // Out of time while waiting to try again: what kept it from succeeding says more than the clock.
      const mapped =
        waited ??
        mapError(error, {
          aborted,
          attempts,
          limit: aborted === "idle" ? idleTimeout : timeout,
          reason: signal?.reason,
        });
      const result = open?.failure !== undefined && aborted !== undefined ? open.failure : mapped;
      try {
        await settle({ error: result });
      } catch (raised) {
        return raised;
      }
      return mapped;
    },
    end() {
      clearTimeout(total);
      clearTimeout(idle);
      signal?.removeEventListener("abort", cancel);
      controller.abort();
    },
  };
}

function waitsTooLong(headers: Headers, deadline: number): boolean {
  const wait = retryAfterMs(headers);
  return wait !== undefined && performance.now() + wait > deadline;
}

function withHeader(answer: Response, name: string, value: string): Response {
  const headers = new Headers(answer.headers);
  headers.set(name, value);
  return new Response(answer.body, { status: answer.status, statusText: answer.statusText, headers });
}
