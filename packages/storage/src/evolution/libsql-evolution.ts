import type { ChangeNote, MemoryId } from "@mnemosyne/core";
import type { Database } from "../database/database.ts";
import { row, rows } from "../database/work.ts";
import { checkInteger, checkLimit, inputError } from "../input.ts";
import type { Vocabulary } from "../language/vocabulary.ts";
import { checkNote } from "../memories/changes.ts";
import { checkNamespace, checkTime } from "../memories/check-memory.ts";
import { storedOf } from "../memories/memory-row.ts";
import { getVisible } from "../memories/memory-statements.ts";
import { fill } from "../memories/write-memory.ts";
import { consolidate } from "./consolidate.ts";
import { listMerges } from "./evolution-statements.ts";
import type {
  Evolution,
  EvolutionChange,
  EvolutionJob,
  EvolutionJobReport,
  EvolveOptions,
  Merge,
} from "./evolution.ts";
import type { EmbedTexts, JobContext, JobOutcome } from "./job.ts";
import { links } from "./link-job.ts";
import { undoMerge } from "./undo-merge.ts";
import { archive, importance } from "./use-jobs.ts";
import type { UseLog } from "./use-log.ts";

const JOBS: Readonly<Record<EvolutionJob, (context: JobContext) => Promise<JobOutcome>>> = {
  consolidate,
  // Before importance, which counts links.
  links,
  importance,
  archive,
};
const MOST_CHANGES = 1000;

/** Evolution of the memories of a libSQL database. */
export class LibsqlEvolution implements Evolution {
  readonly #database: Database;
  readonly #vocabulary: Vocabulary;
  readonly #uses: UseLog;
  readonly #embed: EmbedTexts;

  constructor(database: Database, vocabulary: Vocabulary, uses: UseLog, embed: EmbedTexts) {
    this.#database = database;
    this.#vocabulary = vocabulary;
    this.#uses = uses;
    this.#embed = embed;
  }

  async run(options: EvolveOptions = {}): Promise<{ readonly jobs: readonly EvolutionJobReport[] }> {
    const wanted = options.jobs ?? (Object.keys(JOBS) as EvolutionJob[]);
    for (const [index, job] of wanted.entries())
      if (!Object.hasOwn(JOBS, job))
        throw inputError(`jobs[${index}]`, `must be one of ${Object.keys(JOBS).join(", ")}`);
    const dryRun = options.dryRun === true;
    const context = {
      database: this.#database,
      vocabulary: this.#vocabulary,
      embed: this.#embed,
      namespace: options.namespace === undefined ? undefined : checkNamespace(options.namespace),
      dryRun,
      now: options.now === undefined ? Date.now() : checkTime(options.now, "now"),
      signal: options.signal,
    };
    await this.#uses.flush();
    const reports: EvolutionJobReport[] = [];
    for (const job of wanted) {
      const changes: EvolutionChange[] = [];
      let changed = 0;
      const note = (change: EvolutionChange): void => {
        changed++;
        if (changes.length < MOST_CHANGES) changes.push(change);
      };
      const { examined } = await JOBS[job]({ ...context, note });
      reports.push({ job, dryRun, examined, changed, changes });
    }
    return { jobs: reports };
  }

  async merges(options: { readonly limit?: number } = {}): Promise<readonly Merge[]> {
    const limit = checkLimit(options.limit, 100);
    const found = await this.#database.read(() => rows(listMerges, { limit }));
    return found.map(([merge, at, survivor, members, similarity, undoneAt]) => ({
      merge: Number(merge),
      at: new Date(Number(at)),
      survivor: survivor as MemoryId,
      members: JSON.parse(String(members)) as readonly MemoryId[],
      similarity: Number(similarity),
      ...(undoneAt === null || undoneAt === undefined ? {} : { undoneAt: new Date(Number(undoneAt)) }),
    }));
  }

  async undo(
    merge: number,
    note: ChangeNote = {},
  ): Promise<{ readonly survivor: MemoryId; readonly members: readonly MemoryId[] }> {
    const id = checkInteger(merge, "merge", 1, Number.MAX_SAFE_INTEGER);
    const checked = checkNote(note);
    const undone = await this.#database.write(() => undoMerge(id, checked, Date.now(), this.#vocabulary));
    const kept = await this.#database.read(() => row(getVisible, { uuid: undone.survivor }));
    if (kept !== undefined) {
      const { content } = storedOf(kept);
      const [embedded] = (await this.#embed([content])) ?? [];
      if (embedded !== undefined)
        await this.#database.write(() => fill(undone.survivor, content, embedded), { full: false });
    }
    return undone;
  }
}
