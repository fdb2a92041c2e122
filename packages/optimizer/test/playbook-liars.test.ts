import {
  applyInverseDeltas,
  type Playbook,
  type PlaybookChange,
  type PlaybookDelta,
  type PlaybookStore,
} from "@mnemosyne/core";
import { MemoryPlaybookStore } from "@mnemosyne/optimizer";
import { playbookStoreConformance } from "@mnemosyne/testkit/conformance";
import { expect, test } from "vitest";

/** A store that is true but for what is given. */
const lying = (lies: (honest: PlaybookStore) => Partial<PlaybookStore>): PlaybookStore => {
  const honest = new MemoryPlaybookStore();
  const truth: PlaybookStore = {
    read: (...args) => honest.read(...args),
    apply: (...args) => honest.apply(...args),
    history: (...args) => honest.history(...args),
    revert: (...args) => honest.revert(...args),
  };
  return { ...truth, ...lies(honest) };
};

/** Applies without any guard. */
const unguarded = (): PlaybookStore => {
  let playbook: Playbook = { version: 0, nextId: 1, items: [] };
  const changes: PlaybookChange[] = [];
  return lying(() => ({
    read: async () => playbook,
    history: async () => changes,
    apply: async (_namespace, deltas: readonly PlaybookDelta[]) => {
      const done = applyInverseDeltas(playbook, deltas);
      playbook = done.playbook;
      changes.push({ version: playbook.version, at: new Date(), deltas, changes: done.changes });
      return { version: playbook.version, ids: done.ids };
    },
  }));
};

const LIARS: Readonly<Record<string, () => PlaybookStore>> = {
  "one namespace for all": () =>
    lying((honest) => ({
      read: (_namespace, options) => honest.read("global", options),
      apply: (_namespace, ...rest) => honest.apply("global", ...rest),
    })),
  "applies to any version": () =>
    lying((honest) => ({
      apply: async (namespace, deltas, _version, note) =>
        honest.apply(namespace, deltas, (await honest.read(namespace)).version, note),
    })),
  "forgets keys": () =>
    lying((honest) => ({
      apply: async (namespace, deltas, version, note) => {
        const { key: _, ...rest } = note ?? {};
        return honest.apply(namespace, deltas, version, rest);
      },
    })),
  "says that it reverted": () =>
    lying((honest) => ({
      revert: async (namespace) => ({
        version: (await honest.read(namespace)).version + 1,
        reverted: [2],
        conflicts: [],
      }),
    })),
  "gives the newest for every version": () =>
    lying((honest) => ({ read: (namespace) => honest.read(namespace) })),
  "keeps no history": () => lying(() => ({ history: async () => [] })),
  "applies what it can of a set": () =>
    lying((honest) => ({
      apply: async (namespace, deltas, version, note) => {
        let at = version;
        const ids: string[] = [];
        for (const delta of deltas) {
          const done = await honest.apply(namespace, [delta], at, note);
          at = done.version;
          ids.push(...done.ids);
        }
        return { version: at, ids };
      },
    })),
  "has no guards": unguarded,
};

test.each(Object.entries(LIARS))("a store that %s is found out", async (_name, open) => {
  const outcomes = await Promise.allSettled(
    playbookStoreConformance(async () => ({ subject: open() })).map(({ run }) => run()),
  );
  expect(outcomes.filter(({ status }) => status === "rejected").length).toBeGreaterThan(0);
});
