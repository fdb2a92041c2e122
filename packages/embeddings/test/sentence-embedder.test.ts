import { createSentenceEmbedder } from "@mnemosyne/embeddings";
import { embedderConformance } from "@mnemosyne/testkit/conformance";
import { describe, expect, test } from "vitest";
import { cosine } from "./vectors.ts";

const embedder = createSentenceEmbedder();

describe("the port", () => {
  // oxlint-disable-next-line vitest/expect-expect -- the checks throw by themselves
  test.each(embedderConformance(async () => ({ subject: embedder })))("$name", ({ run }) => run());
});

test("it understands what two sentences have in common without a word in common", async () => {
  const [question, answer, other] = await embedder.embed([
    "How old are you?",
    "What is your age?",
    "The train was late again.",
  ]);
  expect(cosine(question, answer)).toBeGreaterThan(0.7);
  expect(cosine(question, other)).toBeLessThan(0.4);
});
