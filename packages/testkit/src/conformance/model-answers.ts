import { MnemosyneError, isMnemosyneError, type JsonObject, type ModelStreamEvent } from "@mnemosyne/core";
import { holds, pause, refused, same, soon, there } from "./check.ts";
import { say, type ModelCheck } from "./model-check.ts";

const SCHEMA: JsonObject = {
  type: "object",
  properties: { n: { type: "integer", minimum: 1 } },
  required: ["n"],
  additionalProperties: false,
};

/** What every model must do when it is asked for an answer. */
export const MODEL_ANSWER_CHECKS: Readonly<Record<string, ModelCheck>> = {
  "generate gives the text, who said it and what it cost": {
    turns: [{ text: "Hello, ünïcode 漢字." }],
    async check(model) {
      const response = await model.generate(say("Hi"));
      same(response.text, "Hello, ünïcode 漢字.", "text");
      same(response.content, [{ type: "text", text: response.text }], "content");
      same(response.stopReason, "end", "stop reason");
      same(response.provider, model.provider, "provider");
      holds(response.usage.inputTokens > 0 && response.usage.outputTokens > 0, "tokens are counted");
      holds(response.usage.usd >= 0 && response.durationMs >= 0 && response.id !== "", "the rest is there");
    },
  },

  "stream gives the same text in pieces, then the whole response, last": {
    turns: [{ text: "One two three four five six seven eight nine ten." }],
    async check(model) {
      const events: ModelStreamEvent[] = [];
      for await (const event of model.stream(say("Count"))) events.push(event);
      const text = events.map((event) => (event.type === "text" ? event.text : "")).join("");
      const last = there(events.at(-1), "an event");
      holds(last.type === "done", `the last event is ${last.type}`);
      same(text, last.response.text, "text of the pieces");
      same(events.filter((event) => event.type === "done").length, 1, "events of type done");
    },
  },

  "a stream that breaks off throws and never says done": {
    turns: [{ text: "One two three four five six seven eight nine ten.", fault: "truncate" }],
    async check(model) {
      const types: string[] = [];
      const reading = (async () => {
        for await (const event of model.stream(say("Count"))) types.push(event.type);
      })();
      const error = await refused(reading, ["E_MODEL_OVERLOADED", "E_MODEL"], "a broken stream");
      holds(error.retryable, "it is retryable");
      holds(!types.includes("done"), "it says done");
    },
  },

  "an answer that was cut at maxTokens says so": {
    turns: [{ text: "word ".repeat(300) }],
    async check(model) {
      same((await model.generate(say("Go", { maxTokens: 16 }))).stopReason, "maxTokens", "stop reason");
    },
  },

  "a refusal is E_MODEL_REFUSED": {
    turns: [{ text: "No.", stopReason: "refusal" }],
    async check(model) {
      const error = await refused(model.generate(say("Do it")), "E_MODEL_REFUSED", "a refusal");
      holds(!error.retryable, "it is not retryable");
    },
  },

  "a provider that stays overloaded is E_MODEL_OVERLOADED, retryable": {
    turns: [{ error: { status: 529, retryAfterMs: 1 } }],
    async check(model) {
      const error = await refused(model.generate(say("Hi")), "E_MODEL_OVERLOADED", "an overloaded provider");
      holds(error.retryable && error.kind === "unavailable", "it is retryable and unavailable");
    },
  },

  "a refused key is E_MODEL_AUTH, not retryable": {
    turns: [{ error: { status: 401 } }],
    async check(model) {
      const error = await refused(model.generate(say("Hi")), "E_MODEL_AUTH", "a refused key");
      holds(!error.retryable, "it is not retryable");
    },
  },

  "a prompt that is too long is E_CONTEXT_OVERFLOW": {
    turns: [{ error: { status: 400, message: "prompt is too long: 9 tokens > 8 maximum" } }],
    async check(model) {
      await refused(model.generate(say("Hi")), "E_CONTEXT_OVERFLOW", "a prompt that is too long");
    },
  },

  "an abort is E_CANCELLED, soon": {
    turns: [{ text: "late", delayMs: 20_000 }],
    async check(model) {
      const controller = new AbortController();
      const call = model.generate(say("Hi"), { signal: controller.signal });
      call.catch(() => undefined);
      await pause(50);
      controller.abort();
      await soon(refused(call, "E_CANCELLED", "an aborted call"), 2000, "an aborted call");
      await refused(
        model.generate(say("Hi"), { signal: AbortSignal.abort() }),
        "E_CANCELLED",
        "a call with a fired signal",
      );
    },
  },

  "the observer sees every request before and after it, failed ones too": {
    turns: [{ times: 1, error: { status: 529, retryAfterMs: 1 } }, { text: "ok" }],
    async check(model) {
      const seen: string[] = [];
      const response = await model.generate(say("Hi"), {
        observer: {
          before: (call) => {
            holds(call.inputTokens > 0 && call.maxTokens > 0, "the call's bound is known");
            seen.push("before");
          },
          after: (_call, result) => {
            seen.push(
              result.response === undefined ? `failed ${isMnemosyneError(result.error)}` : "answered",
            );
          },
        },
      });
      same(seen, ["before", "failed true", "before", "answered"], "what the observer saw");
      same(response.text, "ok", "text");
    },
  },

  "an observer that throws before keeps the call from being sent": {
    turns: [(request) => ({ text: `request ${request.number}` })],
    async check(model) {
      const refusal = new MnemosyneError("E_BUDGET", "nothing left", { kind: "budget" });
      const call = model.generate(say("Hi"), {
        observer: {
          before: () => {
            throw refusal;
          },
        },
      });
      same(await refused(call, "E_BUDGET", "a call without budget"), refusal, "the error");
      same((await model.generate(say("Hi"))).text, "request 1", "the first request that was sent");
    },
  },

  "generateObject gives a value that fits its schema": {
    turns: [{ text: '{"n": 7}' }],
    async check(model) {
      same((await model.generateObject({ ...say("A number"), schema: SCHEMA })).value, { n: 7 }, "value");
    },
  },

  "generateObject repairs a misfit once": {
    turns: [{ times: 1, text: '{"n": 0}' }, { text: '{"n": 1}' }],
    async check(model) {
      const { value, usage, response } = await model.generateObject({ ...say("A number"), schema: SCHEMA });
      same(value, { n: 1 }, "value");
      holds(usage.outputTokens > response.usage.outputTokens, "usage counts both answers");
    },
  },

  "generateObject gives up after one repair with E_MODEL_OUTPUT": {
    turns: [{ times: 2, text: '{"n": 0}' }, { text: '{"n": 1}' }],
    async check(model) {
      await refused(
        model.generateObject({ ...say("A number"), schema: SCHEMA }),
        "E_MODEL_OUTPUT",
        "two misfits",
      );
    },
  },
};
