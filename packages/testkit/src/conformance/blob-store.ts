import { createHash } from "node:crypto";
import type { BlobStore } from "@mnemosyne/core";
import { refused, same, suite, type ConformanceCheck, type Open } from "./check.ts";

/** What every blob store must do. */
export function blobStoreConformance(open: Open<BlobStore>): readonly ConformanceCheck[] {
  return suite(open, {
    "bytes come back by the SHA-256 of their content": async (store, second) => {
      for (const bytes of [
        new Uint8Array(0),
        Uint8Array.from({ length: 256 }, (_, index) => index),
        Buffer.from("text with ümläuts"),
        new Uint8Array(1_500_000).fill(7),
      ]) {
        const hash = await store.put(bytes);
        same(hash, createHash("sha256").update(bytes).digest("hex"), "hash");
        same(Buffer.compare(await second.get(hash), bytes), 0, `bytes of length ${bytes.length} differ by`);
        same(await second.has(hash), true, "has");
      }
    },
    "the same bytes are stored once": async (store) => {
      const bytes = Buffer.from("twice");
      const hashes = await Promise.all([store.put(bytes), store.put(bytes), store.put(Buffer.from("twice"))]);
      same(new Set(hashes).size, 1, "distinct hashes");
    },
    "what is not there is gone": async (store) => {
      const hash = createHash("sha256").update("never stored").digest("hex");
      same(await store.has(hash), false, "has");
      await refused(store.get(hash), "E_BLOB_GONE", "get");
    },
  });
}
