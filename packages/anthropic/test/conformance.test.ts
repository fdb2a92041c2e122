import { createAnthropicModel } from "@mnemosyne/anthropic";
import { startMessagesServer } from "@mnemosyne/testkit";
import { languageModelConformance } from "@mnemosyne/testkit/conformance";
import { test } from "vitest";

const checks = languageModelConformance(async (script) => {
  const server = await startMessagesServer(script);
  return { subject: createAnthropicModel({ baseURL: server.url, apiKey: "k" }), close: server.close };
});

// oxlint-disable-next-line vitest/expect-expect -- the checks throw by themselves
test.each(checks)("$name", ({ run }) => run());
