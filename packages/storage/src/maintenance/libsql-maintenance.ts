import { statSync } from "node:fs";
import type { Database } from "../database/database.ts";
import { row } from "../database/work.ts";
import { inputError, show } from "../input.ts";
import type { Vocabulary } from "../language/vocabulary.ts";
import { backup } from "./backup.ts";
import { check } from "./check.ts";
import { blobBytes, COUNTS, sizes, upkeepAt } from "./maintenance-statements.ts";
import type { CheckResult, DatabaseStats, Maintenance, PruneResult, Retention } from "./maintenance.ts";
import { prune } from "./prune.ts";

/** Days for which what grows by itself is kept. */
const STANDARD = { observations: 30, history: 365 } as const;

/** Retention with its defaults. */
export type WholeRetention = Readonly<Record<"observations" | "history", number | false>>;

/** Checks retention and fills in the defaults. Throws `E_INPUT`. */
export function checkRetention(given: Retention = {}, standard: WholeRetention = STANDARD): WholeRetention {
  const days = (name: keyof WholeRetention): number | false => {
    const value: unknown = given[name] ?? standard[name];
    if (value === false || (typeof value === "number" && value >= 0 && value <= 1e6)) return value;
    throw inputError(`retention.${name}`, `must be a number of days or false, not ${show(value)}`);
  };
  return { observations: days("observations"), history: days("history") };
}

/** Care for a libSQL database. */
export class LibsqlMaintenance implements Maintenance {
  readonly #database: Database;
  readonly #vocabulary: Vocabulary;
  readonly #retention: WholeRetention;
  readonly #versions: { readonly from: number; readonly to: number };

  constructor(
    database: Database,
    vocabulary: Vocabulary,
    retention: WholeRetention,
    versions: { readonly from: number; readonly to: number },
  ) {
    this.#database = database;
    this.#vocabulary = vocabulary;
    this.#retention = retention;
    this.#versions = versions;
  }

  async stats(): Promise<DatabaseStats> {
    const database = this.#database;
    const [bytes, freeBytes] = (await database.read(() => row(sizes))) ?? [];
    const counted: Partial<Record<keyof DatabaseStats["rows"], number>> = {};
    for (const [name, count] of Object.entries(COUNTS) as [keyof typeof COUNTS, (typeof COUNTS)["runs"]][])
      counted[name] = Number((await database.read(() => row(count)))?.[0]);
    return {
      schemaVersion: this.#versions.to,
      bytes: Number(bytes),
      freeBytes: Number(freeBytes),
      logBytes: logBytes(database),
      rows: counted as DatabaseStats["rows"],
      blobBytes: Number((await database.read(() => row(blobBytes)))?.[0]),
      retention: this.#retention,
      prunedAt: new Date(Number((await database.read(() => row(upkeepAt, { task: "prune" })))?.[0])),
    };
  }

  async prune(
    options: Retention & { readonly dryRun?: boolean; readonly signal?: AbortSignal } = {},
  ): Promise<PruneResult> {
    return prune(this.#database, {
      ...checkRetention(options, this.#retention),
      dryRun: options.dryRun === true,
      signal: options.signal,
      vocabulary: this.#vocabulary,
    });
  }

  backup(file: string): Promise<{ readonly file: string; readonly bytes: number }> {
    return backup(this.#database, file);
  }

  check(options: { readonly signal?: AbortSignal } = {}): Promise<CheckResult> {
    return check(this.#database, options.signal);
  }

  async migrate(): Promise<{ readonly from: number; readonly to: number }> {
    return this.#versions;
  }
}

function logBytes({ file }: Database): number {
  if (file === undefined || file.path === ":memory:") return 0;
  return statSync(`${file.path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}
