// Memories alone: no model, no key, one file.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createStaticEmbedder } from "@mnemosyne/embeddings";
import { openStorage } from "@mnemosyne/storage";

const folder = await mkdtemp(path.join(tmpdir(), "mnemosyne-example-"));
const options = { url: `file:${path.join(folder, "app.db")}`, embedder: createStaticEmbedder() };
{
  await using storage = await openStorage(options);
  await storage.storeMany([
    {
      content: "Releases go out on Tuesdays, never on Fridays.",
      namespace: "project:shop",
      importance: 8,
    },
    { content: "The staging server is restarted every night at two.", namespace: "project:shop" },
    { content: "Prices are stored in cents.", namespace: "project:shop", tags: ["money"] },
    { content: "All our projects use British spelling.", namespace: "global" },
    { content: "Releases go out whenever they are ready.", namespace: "project:blog" },
  ]);
}

// Another process, another day: the file is all there is.
await using storage = await openStorage(options);
const namespace = "session:shop:42";

console.log("By words, in a session of the shop. It sees the shop and what is global, never the blog:");
for (const { content } of await storage.search("when do releases go out?", { namespace, limit: 5 }))
  console.log(`  ${content}`);

console.log("By meaning, without a word in common:");
const [money] = await storage.search("amounts of currency", { namespace, limit: 1, explain: true });
console.log(`  ${money?.content} (found by ${money?.foundBy})`);
if (money === undefined) throw new Error("nothing was found");

const changed = await storage.update(
  money.id,
  { content: "Prices are stored in tenths of a cent." },
  { version: money.version, by: "Ann", reason: "fuel" },
);
console.log(`Version ${changed.version}: ${changed.content}`);
const late = await storage
  .update(money.id, { importance: 1 }, { version: money.version })
  .catch((error: unknown) => error as { readonly code: string });
console.log(`Whoever read version ${money.version} is told: ${"code" in late ? late.code : "nothing"}`);

console.log("Its history:");
for (const { change, by, reason } of await storage.history(money.id))
  console.log(`  ${change} by ${by ?? "the program"}${reason === undefined ? "" : `: ${reason}`}`);

await storage.close();
await rm(folder, { recursive: true });
