import { MemoryBudgetLedger } from "@mnemosyne/context-monitor";
import { MemoryCoordinationStore } from "@mnemosyne/coordinator";
import {
  NO_USAGE,
  type BlobStore,
  type BudgetLedger,
  type CoordinationStore,
  type Journal,
  type MemoryStore,
} from "@mnemosyne/core";
import { openStorage, type Storage } from "@mnemosyne/storage";
import {
  blobStoreConformance,
  budgetLedgerConformance,
  coordinationStoreConformance,
  journalConformance,
  memoryStoreConformance,
  type Open,
} from "@mnemosyne/testkit/conformance";
import { expect, test } from "vitest";
import { broken, caught, failing, without } from "./broken.ts";

/** Opens the libSQL store with a fault in one part. */
function faulty<Part extends object>(
  part: (storage: Storage) => Part,
  change: (real: Part) => Partial<Part>,
): Open<Part> {
  return async () => {
    const storage = await openStorage(":memory:");
    const real = part(storage);
    return { subject: broken(real, change(real)), close: () => storage.close() };
  };
}

const memories = (change: (real: MemoryStore) => Partial<MemoryStore>) =>
  memoryStoreConformance(faulty<MemoryStore>((storage) => storage, change));

test.each<[string, (real: MemoryStore) => Partial<MemoryStore>, string]>([
  [
    "leaks siblings' memories",
    (real) => ({
      search: (query, options = {}) => real.search(query, { ...options, namespace: "session:a:1" }),
    }),
    "a namespace sees itself and what it inherits, never a sibling",
  ],
  [
    "ignores versions",
    (real) => ({ update: (id, patch) => real.update(id, patch) }),
    "update with a version is compare-and-set",
  ],
  [
    "stores a batch one by one",
    (real) => ({
      async storeMany(inputs) {
        const ids = [];
        for (const input of inputs) ids.push(await real.store(input));
        return ids;
      },
    }),
    "storeMany is all or nothing, with ids in order",
  ],
  ["forgets nothing", () => ({ forget: async () => true }), "forget removes a memory from every result"],
  [
    "ignores idempotency keys",
    (real) => ({ store: (input) => real.store(without(input, "idempotencyKey")) }),
    "the same idempotency key in a namespace stores once",
  ],
  [
    "keeps trust on import",
    (real) => ({ import: (records, options) => real.import(records, { ...options, keepTrust: true }) }),
    "an import is all or nothing and lowers trust unless told",
  ],
  [
    "lists the oldest first",
    (real) => ({ listRecent: async (options) => (await real.listRecent(options)).toReversed() }),
    "listRecent gives the newest first",
  ],
  [
    "keeps no history",
    () => ({ history: async () => [] }),
    "history tells every change with who, why and what was before",
  ],
  [
    "says nothing of who and why",
    (real) => ({
      update: (id, patch, options) =>
        real.update(id, patch, options?.version === undefined ? {} : { version: options.version }),
    }),
    "history tells every change with who, why and what was before",
  ],
  [
    "only forgets what it should erase",
    (real) => ({ forget: (id) => real.forget(id) }),
    "what was forgotten can be restored; what was erased cannot",
  ],
  [
    "guesses hops",
    (real) => ({
      async graph(id, options) {
        const graph = await real.graph(id, options);
        return { ...graph, nodes: graph.nodes.map((node) => ({ ...node, hop: Math.min(node.hop, 1) })) };
      },
    }),
    "a graph gives the true hop, strength and type, and never a sibling",
  ],
  [
    "forgets links in exports",
    (real) => ({
      async *export(options) {
        for await (const record of real.export(options)) if (record.link === undefined) yield record;
      },
    }),
    "an export and an import carry every field and the links",
  ],
  [
    "finds what is no longer valid",
    (real) => ({ store: (input) => real.store(without(input, "validTo")) }),
    "what is not valid now is not found",
  ],
  [
    "trusts more than its sources",
    (real) => ({
      store: (input) => real.store({ ...input, provenance: without(input.provenance ?? {}, "sources") }),
    }),
    "trust is the lowest of the sources, and 'verified' needs evidence",
  ],
  [
    "shows pending memories",
    (real) => ({
      storeMany: (inputs) => real.storeMany(inputs.map((input) => without(input, "pendingRun"))),
    }),
    "a pending memory is seen in its run only, until it is promoted",
  ],
])("a memory store that %s is caught", async (_fault, change, check) => {
  expect(await caught(memories(change), check)).toBe(true);
});

test.each<[string, (real: Journal) => Partial<Journal>, string]>([
  [
    "takes late appends at the end",
    (real) => ({ append: async (append) => real.append({ ...append, head: await real.head(append.runId) }) }),
    "a writer that is behind writes nothing and gets what it missed",
  ],
  [
    "lets a key close twice",
    (real) => ({
      append: (append) =>
        real.append({ ...append, entries: append.entries.map((entry) => without(entry, "closes")) }),
    }),
    "a key closes once in a run",
  ],
  [
    "loses payloads",
    (real) => ({ append: (append) => real.append(without(append, "payloads")) }),
    "payloads commit with their events and are read by hash",
  ],
  [
    "overwrites runs",
    () => ({ createRun: async () => "created" }),
    "a run is created once; the second call writes nothing",
  ],
  [
    "forgets usage",
    (real) => ({
      append: (append) =>
        real.append(
          append.run === undefined ? append : { ...append, run: { ...append.run, usage: NO_USAGE } },
        ),
    }),
    "the run's row changes with an append, and runs are listed newest first",
  ],
])("a journal that %s is caught", async (_fault, change, check) => {
  expect(await caught(journalConformance(faulty((storage) => storage.journal, change)), check)).toBe(true);
});

test.each<[string, (real: CoordinationStore) => Partial<CoordinationStore>, string]>([
  [
    "grants readers beside a writer",
    (real) => ({ acquire: (request) => real.acquire({ ...request, mode: "shared" }) }),
    "an exclusive lease keeps everyone else out, its own owner too",
  ],
  [
    "compares names, not globs",
    (real) => ({
      acquire: (request) =>
        real.acquire({ ...request, resources: request.resources.map((name) => name.replaceAll("*", "+")) }),
    }),
    "globs that may meet overlap; those whose beginnings differ do not",
  ],
  [
    "sets values whatever their version",
    (real) => ({ setValue: (key, value) => real.setValue(key, value) }),
    "a value is set by its version",
  ],
  [
    "never expires",
    (real) => ({ acquire: (request) => real.acquire({ ...request, ttl: 60_000 }) }),
    "an expired lease is nobody's",
  ],
])("a coordination store that %s is caught", async (_fault, change, check) => {
  const open: Open<CoordinationStore> = async () => {
    const real = new MemoryCoordinationStore();
    return { subject: broken<CoordinationStore>(real, change(real)) };
  };
  expect(await caught(coordinationStoreConformance(open), check)).toBe(true);
});

test.each<[string, (real: BudgetLedger) => Partial<BudgetLedger>, string]>([
  [
    "forgets parents",
    (real) => ({ open: (account) => real.open(without(account, "parent")) }),
    "a reservation counts in its account and in every one above it",
  ],
  [
    "reserves the same id again",
    (real) => ({ reserve: (id, account, wanted) => real.reserve(`${id}-${Math.random()}`, account, wanted) }),
    "the same id reserves once",
  ],
  [
    "refuses nothing",
    (real) => ({ open: (account) => real.open({ ...account, limit: {} }) }),
    "many who reserve at once never get more than there is",
  ],
  [
    "hides breaches",
    (real) => ({
      async settle(id, actual) {
        await real.settle(id, actual);
        return { breached: false };
      },
    }),
    "settling replaces the reservation by what it cost",
  ],
  [
    "presumes nothing",
    () => ({ presume: async () => 0 }),
    "what was sent and never answered is charged in full",
  ],
])("a ledger that %s is caught", async (_fault, change, check) => {
  const open: Open<BudgetLedger> = async () => {
    const real = new MemoryBudgetLedger();
    return { subject: broken<BudgetLedger>(real, change(real)) };
  };
  expect(await caught(budgetLedgerConformance(open), check)).toBe(true);
});

test("a blob store that makes up what it has not got is caught", async () => {
  const checks = blobStoreConformance(
    faulty<BlobStore>(
      (storage) => storage.blobs,
      () => ({ has: async () => true, get: async () => new Uint8Array(0) }),
    ),
  );
  expect(await failing(checks)).toEqual([
    "bytes come back by the SHA-256 of their content",
    "what is not there is gone",
  ]);
});
