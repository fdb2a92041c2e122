import { MnemosyneError, type ImportConflict, type MemoryInput } from "@mnemosyne/core";
import { rows, run, runAll, type Work } from "../database/work.ts";
import { checkInteger, inputError } from "../input.ts";
import { checkMemory, checkTime, type NewMemory } from "./check-memory.ts";
import { storedOf } from "./memory-row.ts";
import { getVersions, markReplaced } from "./memory-statements.ts";
import { insert, insertNew, removal } from "./write-memory.ts";

/** Checks a record of an import. What `export` gave keeps its version and the time of its last change. */
export function checkImported(
  record: MemoryInput,
  index: number,
  keepTrust: boolean,
  now: number,
): NewMemory {
  const path = `[${index}].`;
  const checked = checkMemory(record, path, now);
  const { version, updatedAt } = record as { readonly version?: unknown; readonly updatedAt?: unknown };
  return {
    ...checked,
    memory: {
      ...checked.memory,
      ...(version === undefined
        ? {}
        : { version: checkInteger(version, `${path}version`, 1, Number.MAX_SAFE_INTEGER) }),
      ...(updatedAt === undefined ? {} : { updatedAt: checkTime(updatedAt, `${path}updatedAt`) }),
      ...(keepTrust ? {} : { trust: "claimed" }),
    },
  };
}

/** Throws `E_INPUT` for an unknown way. */
export function checkConflictMode(mode: ImportConflict | undefined): ImportConflict {
  if (mode === undefined) return "refuse";
  if (mode === "refuse" || mode === "skip" || mode === "replace") return mode;
  throw inputError("onConflict", "must be 'refuse', 'skip' or 'replace'");
}

/** Stores one record of an import as part of a batch (stage 0: in one transaction with all others). Gives whether it was stored; else it was skipped. */
export function* importOne(item: NewMemory, stage: number, onConflict: ImportConflict): Work<boolean> {
  const { memory } = item;
  const known = item.idGiven ? yield* rows(getVersions, { uuid: memory.id }) : [];
  if (known.some((cells) => Number(cells[8]) > 0 && Number(cells[8]) !== stage && cells[10] === 0))
    throw new MnemosyneError(
      "E_STORAGE_BUSY",
      `Another batch that is not complete yet stores memory ${memory.id}; call again.`,
      { kind: "unavailable", path: "id" },
    );
  const ours = known.find((cells) => Number(cells[8]) === stage);
  const current = ours ?? known.find((cells) => Number(cells[8]) >= 0);
  if (current === undefined) {
    const stored = yield* insertNew({ ...item, idGiven: false }, stage);
    return stored === memory.id;
  }
  if (storedOf(current).content === memory.content || onConflict === "skip") return false;
  if (onConflict === "refuse")
    throw new MnemosyneError(
      "E_CONFLICT",
      `There is already a memory ${memory.id} with another content; import with 'skip' or 'replace'.`,
      { kind: "conflict", path: "id", details: { id: memory.id } },
    );
  const rowId = Number(current[9]);
  if (stage === 0 || ours !== undefined) yield* runAll(removal(rowId));
  else if ((yield* run(markReplaced, { row: rowId, stage: -stage, was: Number(current[8]) })) === 0)
    throw new MnemosyneError("E_INTERNAL", `Memory ${memory.id} changed while it was being replaced.`, {
      kind: "internal",
    });
  yield* insert(item, stage);
  return true;
}
