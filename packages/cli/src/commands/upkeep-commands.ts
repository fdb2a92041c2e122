import path from "node:path";
import { MnemosyneError } from "@mnemosyne/core";
import type { EvolutionJob, Storage } from "@mnemosyne/storage";
import { Argument, type Command } from "commander";
import { embedderOf } from "../embedder.ts";
import { anyNumber, wholeNumber } from "../numbers.ts";
import type { Session } from "../session.ts";
import { checkText, evolutionText, pruneText, statsLines } from "./upkeep-text.ts";
import type { Attach } from "./verb.ts";

const JOBS = ["consolidate", "importance", "links", "archive"] as const satisfies readonly EvolutionJob[];

interface EvolveFlags {
  readonly dryRun?: boolean;
  readonly all?: boolean;
  readonly undo?: number;
}

interface PruneFlags {
  readonly dryRun?: boolean;
  readonly observations?: number;
  readonly history?: number;
}

/** The verbs that care for a database and its memories. */
export function addUpkeepCommands(program: Command, attach: Attach): void {
  attach<EvolveFlags>(
    program
      .command("evolve")
      .summary("merge, rate, fade and archive memories")
      .description(
        "Merges near duplicates, lets unused links fade, derives importance from use, archives what is old and unused. A second run changes nothing; what a run did can be undone.",
      )
      .addArgument(new Argument("[job]", "what to do (default all)").choices([...JOBS, "all"]))
      .option("--dry-run", "say what would be changed and change nothing")
      .option("--all", "every namespace, not only this one")
      .option("--undo <merge>", "take back a merge by its number", wholeNumber),
    evolve,
  );
  const db = program.command("db").description("Care for the database.");
  attach(db, async () => {
    throw new MnemosyneError("E_INPUT", "Name what to do: stats, prune, backup, migrate, check or reindex.", {
      kind: "input",
      path: "db",
    });
  });
  attach(
    db.command("stats").description("Tells how much the database holds."),
    async ({ storage, output, settings }) => {
      const stats = await (await storage()).maintenance.stats();
      output.result({ url: settings.url, ...stats }, statsLines(stats));
      return 0;
    },
  );
  attach<PruneFlags>(
    db
      .command("prune")
      .summary("remove what is too old")
      .description(
        "Removes old observations of ended runs, old history, expired memories, links to what is gone, and blobs that nothing refers to. Happens by itself once a day.",
      )
      .option("--dry-run", "count only")
      .option("--observations <days>", "keep observations so long (default 30)", anyNumber)
      .option("--history <days>", "keep history so long (default 365)", anyNumber),
    async ({ storage, output, terminal }, flags) => {
      const pruned = await (await storage()).maintenance.prune({ ...flags, signal: terminal.signal });
      output.result({ dryRun: flags.dryRun === true, ...pruned }, pruneText(pruned, flags.dryRun === true));
      return 0;
    },
  );
  attach(
    db
      .command("backup")
      .description("Copies the database to a new file while it is in use.")
      .argument("<file>", "the file; there must be none yet"),
    async ({ storage, output, terminal }, _options, file = "") => {
      const made = await (await storage()).maintenance.backup(path.resolve(terminal.cwd, file));
      output.result(made, `${made.bytes} bytes were written to ${made.file}.`);
      return 0;
    },
  );
  attach(
    db
      .command("migrate")
      .description("Brings the database up to date; every verb does that when it opens it."),
    async ({ storage, output }) => {
      const versions = await (await storage()).maintenance.migrate();
      const { from, to } = versions;
      output.result(
        versions,
        from === to ? `It is at version ${to}.` : `It went from version ${from} to ${to}.`,
      );
      return 0;
    },
  );
  attach(
    db.command("check").description("Examines the database; exit code 1 when something is broken."),
    async ({ storage, output, terminal }) => {
      const found = await (await storage()).maintenance.check({ signal: terminal.signal });
      output.result(found, checkText(found));
      return found.ok ? 0 : 1;
    },
  );
  attach<{ readonly embedder?: string }>(
    db
      .command("reindex")
      .summary("make missing vectors")
      .description(
        "Gives every memory a vector that has none of the embedder. May be stopped and called again.",
      )
      .option("--embedder <name>", "static or sentence (default: the config's, else static)"),
    reindex,
  );
}

async function evolve({ storage, output, settings, terminal }: Session, flags: EvolveFlags, job = "all") {
  const { evolution } = await storage();
  if (flags.undo !== undefined) {
    const undone = await evolution.undo(flags.undo, { by: "command" });
    output.result(
      undone,
      `Merge ${flags.undo} was taken back: ${undone.members.length} memories are found again.`,
    );
    return 0;
  }
  const report = await evolution.run({
    dryRun: flags.dryRun === true,
    signal: terminal.signal,
    ...(job === "all" ? {} : { jobs: [job as EvolutionJob] }),
    ...(flags.all === true ? {} : { namespace: settings.namespace }),
  });
  output.result(report, evolutionText(report.jobs));
  return 0;
}

async function reindex(session: Session, { embedder }: { readonly embedder?: string }) {
  const { settings, output, terminal } = session;
  const own = embedder === undefined ? undefined : await openWith(session, embedder);
  try {
    const { done, total } = await (own ?? (await session.storage())).reindex({ signal: terminal.signal });
    const used =
      embedder ?? (typeof settings.config.embedder === "string" ? settings.config.embedder : "static");
    output.result({ embedder: used, done, total }, `${done} of ${total} memories got a vector.`);
    return 0;
  } finally {
    await own?.close();
  }
}

/** The database with another embedder than the config's. */
async function openWith({ settings, terminal }: Session, name: string): Promise<Storage> {
  const embedder = await embedderOf(name, terminal.env);
  const { openStorage } = await import("@mnemosyne/storage");
  const { url, authToken } = settings;
  return await openStorage({
    url,
    ...(embedder === undefined ? {} : { embedder }),
    ...(authToken === undefined ? {} : { authToken }),
  });
}
