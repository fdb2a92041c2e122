import type { Playbook, PlaybookDelta, PlaybookStore } from "@mnemosyne/core";
import { holds, refused, same, suite, there, type ConformanceCheck, type Open } from "./check.ts";

const NAMESPACE = "project:demo";
const EVIDENCE = "gate tests, run r1";

const add = (content: string, more: object = {}): PlaybookDelta => ({
  op: "add",
  section: "strategies",
  content,
  evidence: EVIDENCE,
  ...more,
});

const VERIFIED = [
  "Run `npm test` with NODE_ENV=test before every commit",
  "Keep the timeout of src/http/client.ts at 30 seconds unless the server streams",
  "Never edit files below vendor/ because the import script overwrites them",
  "Use port 8443 for libSQL when TLS is on",
  "Ask a person before deleting tables in production",
];

const contents = ({ items }: Playbook): readonly string[] => items.map(({ content }) => content);

async function fill(store: PlaybookStore): Promise<readonly string[]> {
  const deltas = VERIFIED.map((content) => add(content, { verified: true }));
  return (await store.apply(NAMESPACE, deltas, 0, { run: "r1" })).ids;
}

/** What every store of playbooks must do. */
export function playbookStoreConformance(open: Open<PlaybookStore>): readonly ConformanceCheck[] {
  return suite(open, {
    "a playbook that nobody wrote is empty and has version 0": async (store) => {
      const playbook = await store.read(NAMESPACE);
      same([playbook.version, playbook.items], [0, []], "the playbook");
      same(await store.history(NAMESPACE), [], "its history");
    },

    "deltas add, update, tag, merge and remove": async (store, second) => {
      const { version, ids } = await store.apply(
        NAMESPACE,
        [add("one"), add("two"), add("three"), add("four")],
        0,
      );
      same([version, new Set(ids).size], [1, 4], "version and distinct ids");
      const [one = "", two = "", three = "", four = ""] = ids;
      await store.apply(
        NAMESPACE,
        [
          { op: "tag", id: one, helpful: 2, evidence: EVIDENCE },
          { op: "tag", id: two, helpful: 1, harmful: 1, evidence: EVIDENCE },
          { op: "update", id: three, content: "three, said better", evidence: "it was unclear" },
          { op: "merge", ids: [one, two], content: "one and two", evidence: "they say the same" },
          { op: "remove", id: four, evidence: "it was wrong" },
        ],
        1,
      );
      const { version: now, items } = await second.read(NAMESPACE);
      same(now, 2, "version");
      same(
        items.map(({ id, content, helpful, harmful }) => [id, content, helpful, harmful]),
        [
          [one, "one and two", 3, 1],
          [three, "three, said better", 0, 0],
        ],
        "items",
      );
      holds(there(items[1], "an item").evidence.includes("it was unclear"), "an item keeps what it rests on");
      const again = await store.apply(NAMESPACE, [add("five")], 2);
      holds(!ids.includes(there(again.ids[0], "an id")), "an id is never given twice");
    },

    "a set applies whole or not at all": async (store, second) => {
      await store.apply(NAMESPACE, [add("one")], 0);
      const bad: readonly [string, PlaybookDelta, string][] = [
        ["an unknown item", { op: "remove", id: "str-99999", evidence: EVIDENCE }, "E_NOT_FOUND"],
        ["a delta without evidence", { op: "add", section: "s", content: "x", evidence: "" }, "E_INPUT"],
        ["an empty content", add(" "), "E_INPUT"],
        ["an operation that is none", { op: "rewrite", evidence: EVIDENCE } as never, "E_INPUT"],
      ];
      for (const [what, delta, code] of bad)
        await refused(store.apply(NAMESPACE, [add("two"), delta], 1), code as "E_INPUT", what);
      const { version, items } = await second.read(NAMESPACE);
      same([version, items.length], [1, 1], "version and items after refusals");
      same((await second.history(NAMESPACE)).length, 1, "changes after refusals");
    },

    "only what was read last can be changed": async (store, second) => {
      await store.apply(NAMESPACE, [add("one")], 0);
      await refused(second.apply(NAMESPACE, [add("two")], 0), "E_VERSION_CONFLICT", "an old version");
      await refused(
        second.apply(NAMESPACE, [add("two")], 7),
        "E_VERSION_CONFLICT",
        "a version that is not yet",
      );
      const results = await Promise.allSettled(
        Array.from({ length: 8 }, (_, index) =>
          (index % 2 === 0 ? store : second).apply(NAMESPACE, [add(`racer ${index}`)], 1),
        ),
      );
      same(results.filter(({ status }) => status === "fulfilled").length, 1, "winners of a race");
      same((await store.read(NAMESPACE)).items.length, 2, "items after a race");
    },

    "the same key applies once": async (store, second) => {
      const first = await store.apply(NAMESPACE, [add("one")], 0, { key: "k1" });
      await store.apply(NAMESPACE, [add("two")], 1);
      same(await second.apply(NAMESPACE, [add("one")], 0, { key: "k1" }), first, "the repeated call");
      same((await store.read(NAMESPACE)).items.length, 2, "items");
    },

    "namespaces are apart": async (store) => {
      await store.apply(NAMESPACE, [add("one")], 0);
      same((await store.read("project:other")).items, [], "a sibling");
      same((await store.read("global")).items, [], "global");
      await refused(store.read("nonsense here"), "E_INPUT", "a namespace that is none");
    },

    "every version can be read, and the history says what led there": async (store) => {
      const before = Date.now() - 60_000;
      await fill(store);
      const [first = ""] = (await store.read(NAMESPACE)).items.map(({ id }) => id);
      await store.apply(NAMESPACE, [{ op: "remove", id: first, evidence: "outdated" }], 1, {
        by: "curator",
        reason: "refined",
      });
      same(contents(await store.read(NAMESPACE, { version: 1 })), VERIFIED, "version 1");
      same(contents(await store.read(NAMESPACE)), VERIFIED.slice(1), "version 2");
      same((await store.read(NAMESPACE, { version: 0 })).items, [], "version 0");
      await refused(store.read(NAMESPACE, { version: 3 }), "E_INPUT", "a version that is not yet");
      const [one, two, ...more] = await store.history(NAMESPACE);
      same(more.length, 0, "more changes");
      same([one?.version, one?.run, one?.deltas.length], [1, "r1", 5], "the first change");
      same([two?.version, two?.by, two?.reason], [2, "curator", "refined"], "the second change");
      same(two?.deltas, [{ op: "remove", id: first, evidence: "outdated" }], "its deltas");
      same(two?.changes[0]?.before?.content, VERIFIED[0], "what it took away");
      const at = there(one, "a change").at.getTime();
      holds(at > before && at < Date.now() + 60_000, "a change has its time");
      same(
        (await store.history(NAMESPACE, { after: 1 })).map(({ version }) => version),
        [2],
        "changes after 1",
      );
      same(
        (await store.history(NAMESPACE, { limit: 1 })).map(({ version }) => version),
        [1],
        "the first change only",
      );
    },

    "a change is taken back to the byte": async (store, second) => {
      const ids = await fill(store);
      const full = await store.read(NAMESPACE);
      const [one = "", two = "", three = ""] = ids;
      await store.apply(
        NAMESPACE,
        [
          { op: "merge", ids: [one, two], content: `${VERIFIED[0]}. ${VERIFIED[1]}`, evidence: "the same" },
          { op: "tag", id: three, harmful: 3, evidence: EVIDENCE },
          { op: "update", id: three, content: `${VERIFIED[2]}, always`, evidence: EVIDENCE },
          add("six"),
        ],
        1,
      );
      const result = await second.revert(NAMESPACE, { version: 2 }, { by: "person" });
      same([result.version, result.reverted, result.conflicts], [3, [2], []], "the revert");
      same((await second.read(NAMESPACE)).items, full.items, "items");
      same((await second.history(NAMESPACE)).at(-1)?.reverts, [2], "the history names what was taken back");
      same((await store.revert(NAMESPACE, { version: 2 })).version, 3, "the version after a second revert");
      await refused(store.revert(NAMESPACE, { version: 9 }), "E_NOT_FOUND", "a version that is none");
    },

    "a run's changes are taken back, what others did stays and is reported": async (store) => {
      await fill(store);
      const mine = await store.apply(NAMESPACE, [add("mine"), add("shared")], 1, { run: "r2" });
      const [own = "", shared = ""] = mine.ids;
      await store.apply(NAMESPACE, [{ op: "tag", id: own, helpful: 1, evidence: EVIDENCE }], 2, {
        run: "r2",
      });
      await store.apply(
        NAMESPACE,
        [{ op: "update", id: shared, content: "shared, by r3", evidence: EVIDENCE }],
        3,
        {
          run: "r3",
        },
      );
      const result = await store.revert(NAMESPACE, { run: "r2" });
      same(result.conflicts, [{ id: shared, version: 2, since: 4 }], "conflicts");
      same(contents(await store.read(NAMESPACE)), [...VERIFIED, "shared, by r3"], "items");
      const nothing = await store.revert(NAMESPACE, { run: "nobody" });
      same([nothing.version, nothing.reverted], [result.version, []], "a run that changed nothing");
    },

    "what was verified is not lost by brevity": async (store) => {
      const ids = await fill(store);
      const [one = "", two = "", three = "", four = ""] = ids;
      const shorter: readonly (readonly [string, PlaybookDelta])[] = [
        [
          "a path",
          {
            op: "update",
            id: two,
            content: "Keep the timeout of the client at 30 seconds unless the server streams",
            evidence: "shorter",
          },
        ],
        [
          "a number",
          {
            op: "update",
            id: two,
            content: "Keep the timeout of src/http/client.ts high unless the server streams",
            evidence: "shorter",
          },
        ],
        [
          "a condition",
          {
            op: "update",
            id: two,
            content: "Keep the timeout of src/http/client.ts at 30 seconds",
            evidence: "shorter",
          },
        ],
        [
          "a name",
          {
            op: "update",
            id: four,
            content: "Use port 8443 for the database when TLS is on",
            evidence: "shorter",
          },
        ],
        [
          "a negation",
          {
            op: "update",
            id: three,
            content: "Edit files below vendor/ because the import script overwrites them",
            evidence: "shorter",
          },
        ],
        [
          "all of a merged one",
          { op: "merge", ids: [one, four], content: String(VERIFIED[0]), evidence: "the same" },
        ],
      ];
      for (const [what, delta] of shorter) {
        const error = await refused(
          store.apply(NAMESPACE, [delta], 1),
          "E_PLAYBOOK_LOSS",
          `dropping ${what}`,
        );
        same((error.details as { guard?: string }).guard, "brevity", `the guard for ${what}`);
      }
      const longer = `${VERIFIED[1]}, as load tests of 2026 showed`;
      await store.apply(NAMESPACE, [{ op: "update", id: two, content: longer, evidence: "run r4" }], 1);
      await refused(
        store.apply(NAMESPACE, [{ op: "update", id: two, content: "Keep timeouts", evidence: "shorter" }], 2),
        "E_PLAYBOOK_LOSS",
        "shortening what was once verified in a second step",
      );
      const item = (await store.read(NAMESPACE)).items.find(({ id }) => id === two);
      same(
        [item?.verified, item?.verifiedContent],
        [false, VERIFIED[1]],
        "other words are not what was verified",
      );
    },

    "what was verified does not collapse": async (store) => {
      const ids = await fill(store);
      const error = await refused(
        store.apply(
          NAMESPACE,
          ids.slice(0, 3).map((id) => ({ op: "remove", id, evidence: "tidy up" })),
          1,
        ),
        "E_PLAYBOOK_LOSS",
        "removing three of five",
      );
      same((error.details as { guard?: string }).guard, "collapse", "the guard");
      await refused(
        store.apply(
          NAMESPACE,
          [
            ...ids.map((id): PlaybookDelta => ({ op: "remove", id, evidence: "rewrite" })),
            add("All the lessons, in short", { verified: true }),
          ],
          1,
        ),
        "E_PLAYBOOK_LOSS",
        "rewriting the whole",
      );
      await store.apply(
        NAMESPACE,
        [{ op: "remove", id: there(ids[0], "an id"), evidence: "the tool is gone" }],
        1,
      );
      same((await store.read(NAMESPACE)).items.length, 4, "one may go");
    },
  });
}
