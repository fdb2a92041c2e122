import type { Json, LanguageModel } from "@mnemosyne/core";
import { capture } from "@mnemosyne/optimizer";
import { openStorage, type Storage } from "@mnemosyne/storage";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const NAMESPACE = "project:demo";
const MESSAGES = [
  { role: "user", content: "I am Ann. We deploy on Fridays, never on Mondays.", at: "2026-01-02T03:04:05Z" },
  { role: "assistant", content: "Noted." },
];

/** A model that gives these facts, and remembers what it was asked. */
function modelOf(
  facts: (asked: { known: readonly { id: string }[] }) => Json,
): LanguageModel & { asked: string } {
  const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0 };
  const model = {
    provider: "scripted",
    model: "scripted",
    asked: "",
    async generateObject(request: { readonly messages: readonly { readonly content: unknown }[] }) {
      model.asked = String(request.messages[0]?.content);
      return {
        value: { facts: facts(JSON.parse(model.asked) as { known: readonly { id: string }[] }) },
        usage,
      };
    },
  };
  return model as unknown as LanguageModel & { asked: string };
}

const fact = (statement: string, quote: string, more: object = {}) => ({
  statement,
  type: "constraint",
  turn: 0,
  quote,
  replaces: null,
  ...more,
});

describe("capture", () => {
  let storage: Storage;
  beforeEach(async () => {
    storage = await openStorage(":memory:");
  });
  afterEach(() => storage.close());

  it("keeps turns word for word, once, and reads nothing out of them by itself", async () => {
    const options = { namespace: NAMESPACE, thread: "t1" };
    const first = await capture(storage, MESSAGES, options);
    expect(await capture(storage, MESSAGES, options)).toEqual(first);
    expect(first.facts).toEqual([]);
    const [turn = ""] = first.turns;
    expect(await storage.get(turn)).toMatchObject({
      content: MESSAGES[0]?.content,
      thread: "t1",
      seq: 0,
      actor: "user",
    });
    expect((await storage.getStats({ namespace: NAMESPACE })).totalMemories).toBe(2);
    await expect(capture(storage, [], options)).rejects.toMatchObject({ code: "E_INPUT" });
  });

  it("ties each fact to a literal quote, refuses what no turn says, and supersedes what is no longer true", async () => {
    const first = await capture(storage, MESSAGES, {
      namespace: NAMESPACE,
      thread: "t1",
      model: modelOf(() => [
        fact("Ann's team deploys on Fridays.", "We deploy on Fridays"),
        fact("Ann's team deploys daily.", "We deploy daily"),
        fact("Somebody else said it.", "We deploy on Fridays", { turn: 7 }),
      ]),
    });
    expect(first.facts).toHaveLength(1);
    expect(first.refused.map(({ reason }) => reason)).toEqual([
      'turn 0 does not say "We deploy daily"',
      "there is no turn 7",
    ]);
    const [old = ""] = first.facts;
    expect(await storage.get(old)).toMatchObject({
      type: "constraint",
      trust: "claimed",
      context: '"We deploy on Fridays"',
      provenance: { sources: [first.turns[0]] },
    });

    const stranger = await storage.store({
      content: "Not a captured fact about deploys on Fridays",
      namespace: NAMESPACE,
    });
    const later = [{ role: "user", content: "We deploy on Tuesdays now." }];
    const model = modelOf(({ known }) => [
      fact("Ann's team deploys on Tuesdays.", "We deploy on Tuesdays now", {
        replaces: known[0]?.id ?? null,
      }),
      fact("Ann's team deploys on Fridays", "We deploy on Tuesdays"),
      fact("Another one.", "Tuesdays now.", { replaces: stranger }),
    ]);
    const second = await capture(storage, later, { namespace: NAMESPACE, thread: "t1", from: 2, model });
    expect(model.asked).toContain(old);
    expect(second).toMatchObject({ known: 1, facts: [expect.any(String), expect.any(String)] });
    expect((await storage.get(old))?.supersededBy).toBe(second.facts[0]);
    expect((await storage.get(stranger))?.supersededBy).toBeUndefined();
  });
});
