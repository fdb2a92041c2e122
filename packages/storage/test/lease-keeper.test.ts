import { openStorage } from "@mnemosyne/storage";
import { expect, test } from "vitest";
import { databases } from "./support/folder.ts";
import { serveHrana } from "./support/hrana-server.ts";

const { fresh } = databases();

async function take(url: string, ttl: number, authToken?: string) {
  const storage = await openStorage({ url, ...(authToken === undefined ? {} : { authToken }) });
  const answer = await storage.coordination.acquire({ owner: "a", resources: ["x"], mode: "exclusive", ttl });
  if (!("granted" in answer)) throw new Error("The lease is not free.");
  return { storage, lease: answer.granted };
}

test.each(["a local file", "a server"])(
  "a thread keeps a lease in %s alive until it is told to stop",
  async (where) => {
    const { file, url } = fresh();
    const server = where === "a server" ? await serveHrana(file, "secret") : undefined;
    const { storage, lease } = await take(server?.url ?? url, 3000, server && "secret");
    const kept = storage.coordination.keepAlive?.(lease, 3000, 100);
    if (kept === undefined) throw new Error("There is no keeper.");
    await expect.poll(() => kept.trustedUntil, { timeout: 5000 }).toBeGreaterThan(0);
    await expect
      .poll(() => kept.trustedUntil - lease.expiresAt.getTime(), { timeout: 5000 })
      .toBeGreaterThan(200);
    expect(kept.state).toBe("kept");
    expect(await storage.coordination.leases()).toHaveLength(1);
    kept.stop();
    await expect.poll(() => storage.coordination.leases(), { timeout: 5000 }).toEqual([]);
    expect(kept.state).toBe("kept");
    await storage.close();
    await server?.close();
  },
);

test("a keeper says when a lease is lost, and that it has failed when its database is out of reach", async () => {
  const { file } = fresh();
  const server = await serveHrana(file);
  const { storage, lease } = await take(server.url, 60_000);
  const gone = storage.coordination.keepAlive?.({ id: lease.id, token: lease.token + 1 }, 1000, 50);
  await expect.poll(() => gone?.state, { timeout: 5000 }).toBe("lost");
  await server.close();
  const cut = storage.coordination.keepAlive?.(lease, 1000, 50);
  await expect.poll(() => cut?.state, { timeout: 5000 }).toBe("failed");
  await storage.close();
});

test("a database in memory has no keeper: no other thread can reach it", async () => {
  const { storage, lease } = await take(":memory:", 1000);
  expect(storage.coordination.keepAlive?.(lease, 1000, 100)).toBeUndefined();
  await storage.close();
});
