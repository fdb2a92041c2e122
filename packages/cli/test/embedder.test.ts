import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CommandFolder } from "./command.ts";

let folder: CommandFolder;
beforeEach(async () => {
  folder = await CommandFolder.make({ HOSTED_KEY: "a-key-of-the-test" });
});
afterEach(async () => {
  await folder.remove();
});

/** A question that shares no word with what it is about. */
const ABOUT = "A kitten is napping on the couch.";
const QUESTION = "cats sleeping, sofas";

async function rememberAll(): Promise<void> {
  const lines = [ABOUT, "Interest rates were raised by the bank.", "The train to the coast was late again."];
  await folder.write("in.jsonl", lines.map((content) => JSON.stringify({ content })).join("\n"));
  const { code, stderr } = await folder.call("import", "in.jsonl", "--json");
  expect(stderr).toBe("");
  expect(code).toBe(0);
}

async function recalled(): Promise<readonly { readonly content: string }[]> {
  const { lines } = await folder.call("recall", QUESTION, "--json");
  return lines[0]?.["results"] as never;
}

test("without a word about it, what means the same is found, offline", async () => {
  await rememberAll();
  expect((await recalled())[0]?.content).toBe(ABOUT);
  const { lines } = await folder.call("stats", "--json");
  expect(lines[0]).toMatchObject({
    vectors: { embedder: expect.stringMatching(/^static-en@1\/100#/) as string, present: 3, missing: 0 },
  });
});

test("the config may say that words alone find", async () => {
  await folder.write("mnemosyne.config.json", '{ "embedder": "none" }');
  await rememberAll();
  expect(await recalled()).toEqual([]);
  expect((await folder.call("stats", "--json")).lines[0]).not.toHaveProperty("vectors");
});

test("the config may name a hosted model, whose key is in the environment", async () => {
  const keys = new Set<string | undefined>();
  const server = createServer((request, response) => {
    void text(request).then((body): undefined => {
      keys.add(request.headers.authorization);
      const { input } = JSON.parse(body) as { readonly input: readonly string[] };
      // To this model everything is about trains or about something else.
      const data = input.map((one, index) => ({
        index,
        embedding: /train|cats/.test(one) ? [1, 0] : [0, 1],
      }));
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ data }));
      return undefined;
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    const embedder = { url, model: "trains-only", dimensions: 2, apiKeyEnv: "HOSTED_KEY" };
    await folder.write("mnemosyne.config.json", JSON.stringify({ embedder }));
    await rememberAll();
    expect((await recalled())[0]?.content).toBe("The train to the coast was late again.");
    expect([...keys]).toEqual(["Bearer a-key-of-the-test"]);
  } finally {
    server.close();
  }
});

test.each<[unknown, RegExp]>([
  ["dynamic", /must be 'static'/],
  [{ url: "http://127.0.0.1:1", model: "m" }, /must be 'static'/],
  [{ url: "http://127.0.0.1:1", model: "m", dimensions: 2, apiKeyEnv: "NOT_SET" }, /NOT_SET/],
])("the embedder %j is refused", async (embedder, message) => {
  await folder.write("mnemosyne.config.json", JSON.stringify({ embedder }));
  const { code, lines } = await folder.call("recall", "anything", "--json");
  expect(code).toBe(2);
  expect(lines[0]).toMatchObject({
    error: { code: "E_INPUT", path: "embedder", message: expect.stringMatching(message) as string },
  });
});
