import {
  MnemosyneError,
  type JournalAppend,
  type RunEvent,
  type RunEventBody,
  type RunEventClass,
} from "@mnemosyne/core";
import { putBlob } from "../blobs/blob-statements.ts";
import { sha256 } from "../blobs/hash.ts";
import { call, type Call } from "../database/work.ts";
import { CLASSES, eventOf } from "./event-row.ts";
import { insertEvent, insertPayload, updateRun } from "./journal-statements.ts";

/** An append that was checked, its bodies as JSON already: a transaction may be tried more than once. */
export interface PreparedAppend {
  readonly runId: string;
  readonly head: number;
  readonly entries: readonly {
    readonly class: RunEventClass;
    readonly body: RunEventBody;
    readonly json: string;
    readonly closes: string | null;
    readonly at: number | undefined;
  }[];
  readonly payloads: readonly {
    readonly hash: string;
    readonly bytes: Buffer;
    readonly keeps: readonly string[];
  }[];
  readonly run: Readonly<Record<"status" | "finishedAt" | "usage", string | number | null>> | undefined;
}

/** Throws `E_INPUT` for what must not be written. */
export function prepareAppend(append: JournalAppend): PreparedAppend {
  if (!Number.isSafeInteger(append.head) || append.head < 0)
    throw invalid("head", `the head is ${append.head}; give the number of the last event that was folded`);
  const keys = new Set<string>();
  const entries = append.entries.map((entry, index) => {
    const path = `entries[${index}]`;
    if (!CLASSES.includes(entry.class))
      throw invalid(`${path}.class`, `'${entry.class}' is no class of events`);
    if (entry.closes !== undefined) {
      if (keys.has(entry.closes))
        throw invalid(`${path}.closes`, `the key '${entry.closes}' is closed twice`);
      keys.add(entry.closes);
    }
    const at = entry.at === undefined ? undefined : Date.parse(entry.at);
    if (Number.isNaN(at)) throw invalid(`${path}.at`, `'${entry.at}' is no time; use ISO 8601`);
    return {
      class: entry.class,
      body: entry.body,
      json: JSON.stringify(entry.body),
      closes: entry.closes ?? null,
      at,
    };
  });
  const payloads = (append.payloads ?? []).map(({ ref, text, keeps = [] }, index) => {
    const bytes = Buffer.from(text);
    if (sha256(bytes) !== ref.hash)
      throw invalid(`payloads[${index}].ref.hash`, "the hash is not that of the payload's text");
    return { hash: ref.hash, bytes, keeps };
  });
  const run =
    append.run === undefined
      ? undefined
      : {
          status: append.run.status ?? null,
          finishedAt: append.run.finishedAt?.getTime() ?? null,
          usage: append.run.usage === undefined ? null : JSON.stringify(append.run.usage),
        };
  return { runId: append.runId, head: append.head, entries, payloads, run };
}

/** The calls that write an append to a run's row, and the events that they write. */
export function appendCalls(
  append: PreparedAppend,
  run: number,
  head: number,
  lastAt: number,
  now: number,
): { readonly calls: readonly Call[]; readonly events: readonly RunEvent[] } {
  const calls: Call[] = [];
  const events: RunEvent[] = [];
  let seq = head;
  let at = lastAt;
  for (const entry of append.entries) {
    seq++;
    // The clock may be set back: time never falls within a run.
    at = Math.max(at, entry.at ?? now);
    calls.push(
      call(insertEvent, {
        run,
        seq,
        at,
        class: CLASSES.indexOf(entry.class),
        closes: entry.closes,
        body: entry.json,
      }),
    );
    events.push(eventOf(append.runId, seq, at, entry.class, entry.body));
  }
  for (const { hash, bytes, keeps } of append.payloads)
    calls.push(
      call(putBlob, { hash, size: bytes.byteLength, bytes }),
      ...[hash, ...keeps].map((held) => call(insertPayload, { run, hash: held })),
    );
  if (append.run !== undefined) calls.push(call(updateRun, { run, ...append.run }));
  return { calls, events };
}

function invalid(path: string, problem: string): MnemosyneError {
  return new MnemosyneError("E_INPUT", `Cannot append to the journal: ${problem}.`, { kind: "input", path });
}
