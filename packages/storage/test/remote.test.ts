import Database from "libsql";
import { openStorage, type Storage } from "@mnemosyne/storage";
import {
  blobStoreConformance,
  budgetLedgerConformance,
  coordinationStoreConformance,
  journalConformance,
  memoryStoreConformance,
  type Open,
} from "@mnemosyne/testkit/conformance";
import { afterEach, describe, expect, test } from "vitest";
import { databases } from "./support/folder.ts";
import { serveHrana, type HranaServer } from "./support/hrana-server.ts";

const { fresh } = databases();
const servers: HranaServer[] = [];
const storages: Storage[] = [];

afterEach(async () => {
  for (const storage of storages.splice(0)) await storage.close();
  for (const server of servers.splice(0)) await server.close();
});

async function serve(token?: string): Promise<HranaServer & { readonly file: string }> {
  const { file } = fresh();
  const server = await serveHrana(file, token);
  servers.push(server);
  return Object.assign(server, { file });
}

async function open(
  url: string,
  options: { readonly authToken?: string; readonly busyTimeout?: number } = {},
) {
  const storage = await openStorage({ url, ...options });
  storages.push(storage);
  return storage;
}

describe("the conformance suites over HTTP", () => {
  test.each(memoryStoreConformance(over((storage) => storage)))("memories: $name", passes);
  test.each(journalConformance(over(({ journal }) => journal)))("journal: $name", passes);
  test.each(coordinationStoreConformance(over(({ coordination }) => coordination)))(
    "coordination: $name",
    passes,
  );
  test.each(budgetLedgerConformance(over(({ ledger }) => ledger)))("ledger: $name", passes);
  test.each(blobStoreConformance(over(({ blobs }) => blobs)))("blobs: $name", passes);
});

function over<Subject>(pick: (storage: Storage) => Subject): Open<Subject> {
  return async () => {
    const { url } = await serve();
    return { subject: pick(await open(url)) };
  };
}

async function passes({ run }: { readonly run: () => Promise<void> }): Promise<void> {
  await expect(run()).resolves.toBeUndefined();
}

test("a batch of a thousand takes few messages, and is all or nothing", async () => {
  const server = await serve();
  const storage = await open(server.url);
  const before = server.requests;
  const batch = Array.from({ length: 1000 }, (_, number) => ({ content: `row ${number} quokka` }));
  await storage.storeMany(batch);
  expect(server.requests - before).toBeLessThan(60);
  expect((await storage.getStats()).totalMemories).toBe(1000);
  const [first] = await storage.listRecent({ limit: 1 });
  await expect(storage.storeMany([...batch, { content: "x", id: first?.id ?? "" }])).rejects.toMatchObject({
    code: "E_CONFLICT",
  });
  expect((await storage.getStats()).totalMemories).toBe(1000);
  expect(await storage.search("quokka", { limit: 1000 })).toHaveLength(1000);
});

test("a lock that somebody holds is waited for, then reported; nothing is written", async () => {
  const server = await serve();
  const storage = await open(server.url, { busyTimeout: 120 });
  const holder = new Database(server.file);
  holder.exec("BEGIN IMMEDIATE");
  await expect(storage.store({ content: "x" })).rejects.toMatchObject({
    code: "E_STORAGE_BUSY",
    retryable: true,
  });
  const waiting = storage.store({ content: "y" });
  setTimeout(() => holder.exec("COMMIT"), 40);
  const id = await waiting;
  expect((await storage.listRecent()).map((memory) => memory.id)).toEqual([id]);
  holder.close();
});

test("a connection that breaks before the commit leaves nothing; one that breaks at it leaves it open", async () => {
  const server = await serve();
  const storage = await open(server.url);
  // The first one asks for more.
  await storage.store({ content: "begins" });
  await settled();
  const before = server.requests;
  await storage.store({ content: "measures" });
  await settled();
  const messages = server.requests - before;
  expect(messages).toBeGreaterThan(1);
  const codes: string[] = [];
  for (let answered = 0; answered < messages; answered++) {
    server.cutAfter(answered);
    const code = await storage.store({ content: `after ${answered}` }).then(
      () => "stored",
      (error: { readonly code: string }) => error.code,
    );
    codes.push(code);
    server.cutAfter(Infinity);
    await settled();
  }
  expect(codes.at(-1)).toBe("E_COMMIT_UNKNOWN");
  expect(new Set(codes.slice(0, -1))).toEqual(new Set(["E_UNAVAILABLE"]));
  expect((await storage.listRecent()).map(({ content }) => content)).toEqual(["measures", "begins"]);
});

/** Lets what a client still sends about a stream that it has given up arrive. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 30);
  });
}

test("the token is sent, and a wrong one is refused", async () => {
  const server = await serve("secret");
  const storage = await open(server.url, { authToken: "secret" });
  await storage.store({ content: "x" });
  await expect(openStorage({ url: server.url, authToken: "wrong" })).rejects.toMatchObject({
    code: "E_UNAVAILABLE",
  });
  await expect(openStorage({ url: server.url, encryptionKey: "k" })).rejects.toMatchObject({
    code: "E_INPUT",
    path: "encryptionKey",
  });
});

test("a server that is not there is said to be so", async () => {
  const server = await serve();
  await server.close();
  servers.length = 0;
  await expect(openStorage(server.url)).rejects.toMatchObject({ code: "E_UNAVAILABLE", retryable: true });
});

test("a local file and a server of it see each other's writes", async () => {
  const server = await serve();
  const remote = await open(server.url);
  const local = await open(`file:${server.file}`);
  const one = await remote.store({ content: "from afar: 漢字\u0000🙂" });
  const two = await local.store({ content: "from here" });
  expect((await local.get(one))?.content).toBe("from afar: 漢字\u0000🙂");
  expect((await remote.get(two))?.content).toBe("from here");
  expect(await found(remote)).toEqual([two, one]);
  expect(await found(local)).toEqual([two, one]);
});

async function found(storage: Storage): Promise<readonly string[]> {
  return (await storage.search("from here")).map((hit) => hit.id);
}
