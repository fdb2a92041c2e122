import { openStorage } from "@mnemosyne/storage";
import { beforeAll, expect, test } from "vitest";
import { start } from "./support/child.ts";
import { compiledPackage } from "./support/compiled-package.ts";
import { conceptEmbedder } from "./support/concept-embedder.ts";
import { databases } from "./support/folder.ts";

const { fresh } = databases();

beforeAll(() => {
  compiledPackage();
}, 120_000);

const ROUNDS = 200;

// Changes something, says so once it is acknowledged, and goes on when the other process has looked.
const CHANGER = `
const vectorOf = (text) => {
  const vector = new Float32Array(24);
  vector[text.includes("automobile") ? 0 : text.includes("ocean") ? 5 : 9] = 1;
  return vector;
};
const embedder = {
  id: "concepts@1", dimensions: 24, weight: 0.5,
  embed: async (texts) => texts.map(vectorOf),
};
const storage = await openStorage({ url: arguments_[0], embedder });
const last = [];
for (let round = 0; round < ${ROUNDS}; round++) {
  if (round % 3 === 0) {
    last.push(await storage.store({ content: "automobile w" + round }));
    say("done", round, "stored", last.at(-1));
  } else if (round % 3 === 1) {
    await storage.update(last.at(-1), { content: "ocean w" + round });
    say("done", round, "updated", last.at(-1));
  } else {
    await storage.forget(last.at(-1));
    say("done", round, "forgotten", last.at(-1));
  }
  while ((await storage.listRecent({ namespace: "project:seen", limit: 1 }))[0]?.content !== String(round)) await pause(0);
}
await storage.close();
`;

test(`what another process has acknowledged is seen by the next get, list and search, ${ROUNDS} rounds`, async () => {
  const { url } = fresh();
  const storage = await openStorage({ url, embedder: conceptEmbedder() });
  await storage.store({ content: "a vehicle" });
  expect(await storage.search("car")).toHaveLength(1);
  const child = start(CHANGER, [url]);
  try {
    for (let round = 0; round < ROUNDS; round++) await look(round);
    expect(await child.ended).toBe(0);
  } finally {
    child.kill();
    await storage.close();
  }

  async function look(round: number): Promise<void> {
    const [, , what, id = ""] = (await child.says(`done ${round} `)).split(" ");
    const content =
      what === "stored" ? `automobile w${round}` : what === "updated" ? `ocean w${round}` : undefined;
    const seen = {
      get: (await storage.get(id))?.content,
      list: (await storage.listRecent({ limit: 1 })).find((memory) => memory.id === id)?.content,
      words: (await storage.search(`w${round}`)).find((hit) => hit.id === id)?.content,
      meaning: (await storage.search(what === "updated" ? "deep sea" : "car")).find((hit) => hit.id === id)
        ?.content,
      old: (await storage.search(what === "stored" ? "sea" : "vehicle")).find((hit) => hit.id === id),
    };
    expect(seen, `round ${round}: ${what}`).toEqual({
      get: content,
      list: content,
      words: content,
      meaning: content,
      old: undefined,
    });
    await storage.store({ content: String(round), namespace: "project:seen" });
  }
}, 60_000);
