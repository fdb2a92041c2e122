// Two processes at one file: after one's acknowledged store, update or forget, the other's next get, list and search (by
// words and by meaning) must show it.
// node bench/storage/coherency.mjs [rounds]     (needs built packages; default 10000)
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openStorage } from "@mnemosyne/storage";

const DIRECTIONS = ["car", "ship", "house"];

/** A text means the first word of a list that it names, or its translation. */
const embedder = {
  id: "bench-directions@1/16",
  dimensions: 16,
  weight: 0.5,
  embed: async (texts) =>
    texts.map((text) => {
      const at = DIRECTIONS.findIndex((word) => text.includes(word) || text.includes(`${word}_meant`));
      if (at < 0) return undefined;
      const vector = new Float32Array(16);
      vector[at] = 1;
      return vector;
    }),
};

async function change(url) {
  const storage = await openStorage({ url, embedder, synchronous: "normal" });
  let id;
  const changed = async (round) => {
    const kind = ["stored", "updated", "forgotten"][round % 3];
    if (kind === "stored") id = await storage.store({ content: `car${round}x word${round}` });
    if (kind === "updated") await storage.update(id, { content: `ship${round}x word${round}` });
    if (kind === "forgotten") await storage.forget(id);
    process.send({ kind, id });
  };
  process.on("message", (round) => void changed(Number(round)));
  process.send("ready");
}

async function look(rounds) {
  const folder = mkdtempSync(join(tmpdir(), "mnemosyne-coherency-"));
  const url = `file:${join(folder, "app.db")}`;
  const storage = await openStorage({ url, embedder, synchronous: "normal" });
  const other = fork(fileURLToPath(import.meta.url), ["--change", url]);
  const answer = () => new Promise((resolve) => other.once("message", resolve));
  await answer();
  const wrong = { get: 0, list: 0, words: 0, meaning: 0, stale: 0 };
  const began = performance.now();
  for (let round = 0; round < rounds; round++) {
    other.send(round);
    const { kind, id } = await answer();
    const expected =
      kind === "stored"
        ? `car${round}x word${round}`
        : kind === "updated"
          ? `ship${round}x word${round}`
          : undefined;
    const of = (memories) => memories.find((memory) => memory.id === id)?.content;
    const meant = kind === "updated" ? "ship" : "car";
    if ((await storage.get(id))?.content !== expected) wrong.get++;
    if (of(await storage.listRecent({ limit: 1 })) !== expected) wrong.list++;
    if (of(await storage.search(`word${round}`)) !== expected) wrong.words++;
    if (of(await storage.search(`${meant}_meant`)) !== expected) wrong.meaning++;
    if (kind !== "stored" && of(await storage.search("car_meant")) !== undefined) wrong.stale++;
  }
  const seconds = (performance.now() - began) / 1000;
  console.log(`${rounds} rounds in ${seconds.toFixed(1)} s; not seen: ${JSON.stringify(wrong)}`);
  other.kill();
  await storage.close();
  rmSync(folder, { recursive: true });
  if (Object.values(wrong).some((count) => count > 0)) process.exitCode = 1;
}

if (process.argv[2] === "--change") await change(process.argv[3]);
else await look(Number(process.argv[2] ?? 10_000));
