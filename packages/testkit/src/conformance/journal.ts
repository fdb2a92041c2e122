import { createHash } from "node:crypto";
import {
  isMnemosyneError,
  type Journal,
  type JournalAppended,
  type JournalEntry,
  type JournalPayload,
  type NewRun,
  type RunEvent,
} from "@mnemosyne/core";
import { holds, pause, refused, same, suite, there, type ConformanceCheck, type Open } from "./check.ts";

const RUN: NewRun = { runId: "r1", name: "demo", planHash: "abc", plan: { version: 1, tasks: ["ä"] } };

function note(text: string, more: Partial<JournalEntry> = {}): JournalEntry {
  return { class: "observation", body: { type: "note", text }, ...more };
}

function texts(events: readonly RunEvent[]): readonly string[] {
  return events.map((event) => (event.type === "note" ? event.text : event.type));
}

/** What every journal must do. */
export function journalConformance(open: Open<Journal>): readonly ConformanceCheck[] {
  return suite(open, {
    "a run is created once; the second call writes nothing": async (journal, second) => {
      same(await journal.createRun(RUN), "created", "the first call");
      same(
        await second.createRun({ ...RUN, planHash: "other", name: "other" }),
        "existing",
        "the second call",
      );
      const run = there(await second.getRun("r1"), "the run");
      same([run.runId as string, run.name, run.planHash, run.head], ["r1", "demo", "abc", 0], "the run");
      same(run.plan, RUN.plan, "the plan");
      holds(run.startedAt instanceof Date, "startedAt is a Date");
      same(run.usage.calls, 0, "usage of a new run");
      same(await journal.getRun("nobody"), undefined, "an unknown run");
    },

    "events get contiguous numbers from 1, in order, and are read back whole": async (journal, second) => {
      await journal.createRun(RUN);
      const first = await journal.append({ runId: "r1", head: 0, entries: [note("a"), note("b")] });
      same([first.outcome, first.events.map(({ seq }) => seq)], ["appended", [1, 2]], "the first append");
      await journal.append({
        runId: "r1",
        head: 2,
        entries: [note("c", { body: { type: "note", text: "c", data: { x: [1] } } })],
      });
      const events = await second.read("r1");
      same(texts(events), ["a", "b", "c"], "texts");
      for (const [index, event] of events.entries()) {
        same(
          [event.seq, event.runId, event.schemaVersion, event.class],
          [index + 1, "r1", 1, "observation"],
          "frame",
        );
        holds(!Number.isNaN(Date.parse(event.at)), "at is a time");
      }
      same((events[2] as { data?: unknown }).data, { x: [1] }, "data");
      same(await second.head("r1"), 3, "head");
    },

    "a writer that is behind writes nothing and gets what it missed": async (journal, second) => {
      await journal.createRun(RUN);
      await journal.append({ runId: "r1", head: 0, entries: [note("a"), note("b")] });
      const payload = makePayload("never");
      const late = await second.append({
        runId: "r1",
        head: 1,
        entries: [note("c")],
        payloads: [payload],
        run: { status: "failed" },
      });
      same([late.outcome, texts(late.events)], ["behind", ["b"]], "the late append");
      same(await journal.head("r1"), 2, "head");
      same(await journal.readPayload(payload.ref), undefined, "the payload of a refused append");
      holds((await journal.getRun("r1"))?.status !== "failed", "the run's row is untouched");
    },

    "many writers at once lose nothing and leave no gap": async (journal, second) => {
      await journal.createRun(RUN);
      const writers = 12;
      await Promise.all(
        Array.from({ length: writers }, async (_, writer) => {
          const handle = writer % 2 === 0 ? journal : second;
          let head = 0;
          let result: JournalAppended;
          do {
            result = await handle.append({ runId: "r1", head, entries: [note(`w${writer}`)] });
            head = result.events.at(-1)?.seq ?? head;
          } while (result.outcome === "behind");
        }),
      );
      const events = await journal.read("r1");
      same(
        events.map(({ seq }) => seq),
        Array.from({ length: writers }, (_, index) => index + 1),
        "numbers",
      );
      same(new Set(texts(events)).size, writers, "distinct events");
    },

    "a key closes once in a run": async (journal, second) => {
      await journal.createRun(RUN);
      await journal.createRun({ ...RUN, runId: "r2" });
      const closing = (text: string): JournalEntry =>
        note(text, { class: "input", closes: "task.completed:fix:1" });
      await journal.append({ runId: "r1", head: 0, entries: [closing("first")] });
      const payload = makePayload("with the second");
      const error = await second
        .append({ runId: "r1", head: 1, entries: [note("beside"), closing("second")], payloads: [payload] })
        .then(
          () => undefined,
          (caught: unknown) => caught,
        );
      holds(
        isMnemosyneError(error) && error.kind === "conflict",
        `closing twice is a conflict, not ${String(error)}`,
      );
      same(texts(await journal.read("r1")), ["first"], "events after the refused append");
      same(await journal.readPayload(payload.ref), undefined, "its payload");
      const other = await journal.append({ runId: "r2", head: 0, entries: [closing("in another run")] });
      same(other.outcome, "appended", "the same key in another run");
    },

    "payloads commit with their events and are read by hash": async (journal, second) => {
      await journal.createRun(RUN);
      const payload = makePayload("a long output with ümläuts\n".repeat(2000));
      await journal.append({ runId: "r1", head: 0, entries: [note("a")], payloads: [payload, payload] });
      same(await second.readPayload({ hash: payload.ref.hash }), payload.text, "the payload");
      same(await second.readPayload({ hash: "0".repeat(64) }), undefined, "an unknown payload");
    },

    "reading can begin anywhere, stop anywhere, and choose classes": async (journal) => {
      await journal.createRun(RUN);
      const entries = Array.from({ length: 10 }, (_, index) =>
        note(String(index + 1), { class: index % 2 === 0 ? "input" : "observation" }),
      );
      await journal.append({ runId: "r1", head: 0, entries });
      same(texts(await journal.read("r1", { after: 7 })), ["8", "9", "10"], "after 7");
      same(texts(await journal.read("r1", { after: 2, limit: 3 })), ["3", "4", "5"], "after 2, limit 3");
      same(texts(await journal.read("r1", { classes: ["input"], limit: 2 })), ["1", "3"], "inputs, limit 2");
      same(texts(await journal.read("r1", { after: 99 })), [], "after the end");
    },

    "time never falls within a run": async (journal) => {
      await journal.createRun(RUN);
      const times = ["2030-01-01T00:00:00.000Z", "2020-01-01T00:00:00.000Z", undefined];
      for (const [head, at] of times.entries())
        await journal.append({ runId: "r1", head, entries: [note("x", at === undefined ? {} : { at })] });
      const stamps = (await journal.read("r1")).map((event) => Date.parse(event.at));
      for (const [index, stamp] of stamps.entries())
        holds(
          index === 0 || stamp >= (stamps[index - 1] ?? 0),
          `event ${index + 1} is before the one before it`,
        );
    },

    "the run's row changes with an append, and runs are listed newest first": async (journal) => {
      for (const runId of ["r1", "r2", "r3"]) {
        await journal.createRun({ ...RUN, runId });
        await pause(5);
      }
      const usage = {
        inputTokens: 5,
        outputTokens: 4,
        cacheReadTokens: 3,
        cacheWriteTokens: 2,
        usd: 0.000_000_001,
        calls: 1,
      };
      const finishedAt = new Date("2031-01-02T03:04:05.000Z");
      await journal.append({
        runId: "r2",
        head: 0,
        entries: [note("end")],
        run: { status: "completed", finishedAt, usage },
      });
      const run = there(await journal.getRun("r2"), "the run");
      same([run.status, run.finishedAt, run.usage], ["completed", finishedAt, usage], "the row");
      same(
        (await journal.listRuns()).map((record) => record.runId as string),
        ["r3", "r2", "r1"],
        "order",
      );
      same((await journal.listRuns({ limit: 1 })).length, 1, "with limit 1");
      same(
        (await journal.listRuns({ status: ["completed"] })).map((record) => record.runId as string),
        ["r2"],
        "completed ones",
      );
    },

    "an append to an unknown run is refused": async (journal) => {
      await refused(
        journal.append({ runId: "nobody", head: 0, entries: [note("a")] }),
        "E_RUN_NOT_FOUND",
        "append",
      );
    },

    "runs do not see each other's events": async (journal) => {
      await journal.createRun(RUN);
      await journal.createRun({ ...RUN, runId: "r2" });
      await Promise.all([
        journal.append({ runId: "r1", head: 0, entries: [note("one")] }),
        journal.append({ runId: "r2", head: 0, entries: [note("two")] }),
      ]);
      same(texts(await journal.read("r1")), ["one"], "events of r1");
      same(
        (await journal.read("r2")).map(({ seq, runId }) => [seq, runId]),
        [[1, "r2"]],
        "events of r2",
      );
    },
  });
}

function makePayload(text: string): JournalPayload {
  const bytes = Buffer.from(text);
  return { ref: { hash: createHash("sha256").update(bytes).digest("hex"), bytes: bytes.length }, text };
}
