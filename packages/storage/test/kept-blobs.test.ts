import { createHash } from "node:crypto";
import Database from "libsql";
import { openStorage } from "@mnemosyne/storage";
import { expect, test } from "vitest";
import { databases } from "./support/folder.ts";

const { fresh } = databases();

test("blobs that a run's payload names are the run's: they are not collected, however old; others are", async () => {
  const { url, file } = fresh();
  const storage = await openStorage(url);
  const kept = await storage.blobs.put(Buffer.from("what a file was before"));
  const loose = await storage.blobs.put(Buffer.from("nobody's"));
  const text = JSON.stringify({ before: kept });
  const hash = createHash("sha256").update(text).digest("hex");
  await storage.journal.createRun({ runId: "r1", name: "r1", planHash: "h", plan: {} });
  await storage.journal.append({
    runId: "r1",
    head: 0,
    entries: [{ class: "observation", body: { type: "note", text: hash } }],
    payloads: [{ ref: { hash, bytes: text.length }, text, keeps: [kept] }],
  });
  const database = new Database(file, { timeout: 2000 });
  database.exec("UPDATE blobs SET touched_at = touched_at - 172800000");
  database.close();
  await storage.maintenance.prune();
  expect([await storage.blobs.has(kept), await storage.blobs.has(loose)]).toEqual([true, false]);
  expect(await storage.journal.readPayload({ hash })).toBe(text);
  await storage.close();
});
