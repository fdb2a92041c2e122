import { canonicalJson, type TaskStatus } from "@mnemosyne/core";
import type { OpenKey, TaskCell, TaskExtra } from "./task-cell.ts";

const STATUS: Readonly<Record<TaskStatus, number>> = {
  pending: 1,
  ready: 2,
  running: 3,
  reviewing: 4,
  waiting: 5,
  completed: 6,
  failed: 7,
  skipped: 8,
  cancelled: 9,
  compensated: 10,
};
const OPEN: Readonly<Record<OpenKey, number>> = { none: 0, run: 1, review: 2, wait: 3, timer: 4 };
const LEVEL = { none: 0, model: 1, person: 2 } as const;

/** Numbers kept for each task: the seeds of its two lanes, the lanes of its `extra`, and what it adds to the sum. */
const SLOTS = 6;

/**
 * The digest of a run's state: the sum over all tasks of a 64-bit hash of each (two lanes of 32 bits), so that a
 * change costs the same in a plan of any size and the order of changes does not matter.
 */
export class TaskDigest {
  #slots: Int32Array;
  #a = 0;
  #b = 0;

  constructor(tasks: number) {
    this.#slots = new Int32Array(Math.max(tasks, 8) * SLOTS);
  }

  /** Counts a cell for the first time. */
  add(cell: TaskCell): void {
    const at = cell.index * SLOTS;
    if (at + SLOTS > this.#slots.length) {
      const grown = new Int32Array(this.#slots.length * 2);
      grown.set(this.#slots);
      this.#slots = grown;
    }
    hashText(cell.id, this.#slots, at);
    this.update(cell);
  }

  /** Counts a changed cell anew. */
  update(cell: TaskCell): void {
    const slots = this.#slots;
    const at = cell.index * SLOTS;
    if (cell.extraChanged) {
      hashText(extraText(cell.extra ?? {}), slots, at + 2);
      cell.extraChanged = false;
    }
    const small =
      (STATUS[cell.status] ?? 0) |
      (OPEN[cell.open] << 4) |
      (LEVEL[cell.level] << 8) |
      (cell.aborting ? 1 << 10 : 0);
    const a = hashFields(slots[at] ?? 0, slots[at + 2] ?? 0, small, cell);
    const b = hashFields(slots[at + 1] ?? 0, slots[at + 3] ?? 0, small, cell);
    this.#a = (this.#a - (slots[at + 4] ?? 0) + a) | 0;
    this.#b = (this.#b - (slots[at + 5] ?? 0) + b) | 0;
    slots[at + 4] = a;
    slots[at + 5] = b;
  }

  /** The sum with the state that belongs to no task, as 16 hex digits. */
  text(run: string): string {
    const own = new Int32Array(2);
    hashText(run, own, 0);
    return hex(finish(this.#a ^ (own[0] ?? 0))) + hex(finish(this.#b ^ (own[1] ?? 0)));
  }
}

/**
 * Everything of the rare part, in a fixed order. Written out because it is taken often and canonical JSON of the whole
 * costs several times as much; only an error's details can be any JSON.
 */
function extraText(extra: TaskExtra): string {
  const { wait, decision, element, error } = extra;
  const parts = [
    wait === undefined ? null : [wait.kind, wait.text, wait.question, wait.subject, wait.scope],
    extra.dueAt,
    decision === undefined ? null : [decision.granted, decision.subject, decision.by, decision.reason],
    extra.approved,
    extra.condition,
    extra.elements,
    element === undefined ? null : [element.index, element.hash],
    extra.fingerprints,
    error === undefined
      ? null
      : [error.code, error.kind, error.message, error.path, error.hint, canonicalJson(error.details ?? null)],
    extra.failedAt,
    extra.skipped,
    extra.causes,
    extra.finished,
    extra.compensations,
    extra.origin,
  ];
  // Only where it is set: the digests of journals that know nothing of edits stay as they were.
  if (extra.removed === true) parts.push("removed");
  return JSON.stringify(parts);
}

function hashFields(seed: number, extra: number, small: number, cell: TaskCell): number {
  let hash = mix(seed, small);
  hash = mix(hash, cell.attempt);
  hash = mix(hash, cell.lastAttempt);
  hash = mix(hash, cell.epoch);
  hash = mix(hash, (cell.reviews << 16) ^ cell.waits);
  hash = mix(hash, cell.started);
  hash = mix(hash, cell.ended);
  return finish(mix(hash, extra));
}

function mix(hash: number, value: number): number {
  const mixed = Math.imul(hash ^ value, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}

/** Spreads every bit, so that sums of hashes do not cancel out. */
function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** Hashes a text into two lanes. */
function hashText(text: string, lanes: Int32Array, at: number): void {
  let a = 0x811c9dc5 | 0;
  let b = 0x2545f491 | 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x5bd1e995);
  }
  lanes[at] = finish(a ^ text.length);
  lanes[at + 1] = finish(b ^ text.length);
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, "0");
}
