import { createReadStream, createWriteStream } from "node:fs";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text as readAll } from "node:stream/consumers";
import path from "node:path";
import {
  MnemosyneError,
  type ImportConflict,
  type MemoryInput,
  type SearchHit,
  type SearchOptions,
} from "@mnemosyne/core";
import { Option, type Command } from "commander";
import { anyNumber, commaList, wholeNumber } from "../numbers.ts";
import type { Session } from "../session.ts";
import { hitLines, memoryLines, memoryText, statsText } from "./memory-text.ts";
import type { Attach } from "./verb.ts";

interface RememberOptions {
  readonly stdin?: boolean;
  readonly type?: string;
  readonly importance?: number;
  readonly summary?: string;
  readonly keywords?: readonly string[];
  readonly tags?: readonly string[];
  readonly context?: string;
  readonly confidence?: number;
  readonly thread?: string;
  readonly actor?: string;
}

interface RecallOptions {
  readonly limit?: number;
  readonly minImportance?: number;
  readonly type?: readonly string[];
  readonly tag?: readonly string[];
  readonly explain?: boolean;
  readonly neighbours?: number;
  readonly batch?: string;
}

/** The verbs that store and find memories. */
export function addMemoryCommands(program: Command, attach: Attach): void {
  attach<RememberOptions>(
    program
      .command("remember")
      .summary("store a memory")
      .description("Stores a memory and prints its id.")
      .argument("[text]", "what to remember; or give --stdin")
      .option("--stdin", "read the text from standard input")
      .option("--type <type>", "e.g. insight (default), constraint, bug_fix, preference")
      .option("--importance <1-10>", "how much it matters (default 5)", wholeNumber)
      .option("--summary <text>", "one line")
      .option("--keywords <a,b>", "words that it should also be found by", commaList)
      .option("--tags <a,b>", "labels to filter by", commaList)
      .option("--context <text>", "where it came up")
      .option("--confidence <0-1>", "how sure it is (default 1)", anyNumber)
      .option("--thread <id>", "the conversation or log that it is part of")
      .option("--actor <name>", "who said or did it")
      .addHelpText(
        "after",
        '\nExample:\n  mnemosyne remember "The API wants ISO dates" --importance 8 --tags api',
      ),
    remember,
  );
  attach<RecallOptions>(
    program
      .command("recall")
      .summary("find memories")
      .description(
        "Finds memories of the namespace and of those it inherits from. Any text is a legal query.",
      )
      .argument("[query]", "words, or a question; or give --batch")
      .option("--limit <n>", "at most so many, 1 to 1000 (default 10)", wholeNumber)
      .option("--min-importance <1-10>", "only those that matter so much", wholeNumber)
      .option("--type <a,b>", "only these types", commaList)
      .option("--tag <a,b>", "only those with all these tags", commaList)
      .option("--explain", "say what each score is made of")
      .option("--neighbours <n>", "add the memories before and after each in its thread", wholeNumber)
      .option("--batch <file>", 'a file of lines {"id","query","namespace"?,"limit"?}')
      .addHelpText("after", '\nExample:\n  mnemosyne recall "what date format does the API want?" --limit 3'),
    recall,
  );
  attach(
    program.command("get").description("Shows one memory.").argument("<id>", "its id"),
    async ({ storage, output }, _options, id = "") => {
      const memory = await (await storage()).get(id);
      if (memory === undefined)
        throw new MnemosyneError("E_MEMORY_NOT_FOUND", `There is no memory '${id}'.`, {
          kind: "notFound",
          path: "id",
        });
      output.result(memory, memoryText(memory));
      return 0;
    },
  );
  attach<{ readonly limit?: number; readonly thread?: string }>(
    program
      .command("list")
      .description("Lists memories, newest first.")
      .option("--limit <n>", "at most so many, 1 to 1000 (default 20)", wholeNumber)
      .option("--thread <id>", "only those of this thread"),
    async ({ storage, output, settings }, options) => {
      const memories = await (await storage()).listRecent({ namespace: settings.namespace, ...options });
      output.result({ memories }, memoryLines(memories));
      return 0;
    },
  );
  attach(program.command("stats").description("Counts memories."), async ({ storage, output, settings }) => {
    const stats = await (await storage()).getStats({ namespace: settings.namespace });
    output.result(stats, statsText(stats, settings.namespace));
    return 0;
  });
  attach<{ readonly out?: string; readonly all?: boolean }>(
    program
      .command("export")
      .description("Writes memories as lines of JSON that 'import' takes.")
      .option("--out <file>", "write to a file instead of standard output")
      .option("--all", "every namespace, not only this one"),
    exportMemories,
  );
  attach<{ readonly onConflict?: ImportConflict; readonly keepTrust?: boolean }>(
    program
      .command("import")
      .summary("store memories from a file")
      .description("Stores lines of JSON, all or nothing. A known id with the same content is skipped.")
      .argument("<file.jsonl>", "the file; - for standard input")
      .addOption(
        new Option("--on-conflict <how>", "a known id with other content (default: refuse)").choices([
          "skip",
          "replace",
        ]),
      )
      .option("--keep-trust", "keep the trust that the file says (default: lower it to 'claimed')"),
    importMemories,
  );
}

async function remember(
  { storage, output, settings, terminal }: Session,
  options: RememberOptions,
  given?: string,
) {
  const { stdin, ...fields } = options;
  if ((given === undefined) === (stdin !== true))
    throw new MnemosyneError("E_INPUT", "Give the text to remember, or --stdin; one of them.", {
      kind: "input",
      path: "text",
    });
  const content = given ?? (await readAll(terminal.stdin)).trimEnd();
  const id = await (
    await storage()
  ).store({
    content,
    namespace: settings.namespace,
    provenance: { source: "command" },
    ...fields,
  });
  output.result({ id }, id);
  return 0;
}

async function recall(session: Session, options: RecallOptions, query?: string) {
  const { storage, output, settings } = session;
  if ((query === undefined) === (options.batch === undefined))
    throw new MnemosyneError("E_INPUT", "Give a query, or --batch FILE; one of them.", {
      kind: "input",
      path: "query",
    });
  const search: SearchOptions = {
    namespace: settings.namespace,
    ...(options.limit === undefined ? {} : { limit: options.limit }),
    ...(options.minImportance === undefined ? {} : { minImportance: options.minImportance }),
    ...(options.type === undefined ? {} : { types: options.type }),
    ...(options.tag === undefined ? {} : { tags: options.tag }),
    ...(options.explain === undefined ? {} : { explain: options.explain }),
    ...(options.neighbours === undefined ? {} : { include: { neighbours: options.neighbours } }),
  };
  const memories = await storage();
  if (query !== undefined) {
    const results = await memories.search(query, search);
    output.result({ results }, results.length === 0 ? "Nothing was found." : hitLines(results));
    return 0;
  }
  for await (const { value, number } of jsonLines(session, options.batch ?? "")) {
    const { id, query: asked, namespace, limit } = batchLine(value, number);
    const results: readonly SearchHit[] = await memories.search(asked, {
      ...search,
      ...(namespace === undefined ? {} : { namespace }),
      ...(limit === undefined ? {} : { limit }),
    });
    output.line(JSON.stringify({ id, results }));
  }
  return 0;
}

interface BatchLine {
  readonly id: unknown;
  readonly query: string;
  readonly namespace?: string;
  readonly limit?: number;
}

function batchLine(value: object, number: number): BatchLine {
  if (typeof (value as Partial<BatchLine>).query === "string") return value as BatchLine;
  throw new MnemosyneError("E_INPUT", `Line ${number} has no 'query'; write {"id": ..., "query": "..."}.`, {
    kind: "input",
    path: `lines[${number - 1}].query`,
  });
}

async function exportMemories(session: Session, options: { readonly out?: string; readonly all?: boolean }) {
  const { storage, output, settings, terminal } = session;
  const file =
    options.out === undefined ? undefined : createWriteStream(path.resolve(terminal.cwd, options.out));
  let count = 0;
  let links = 0;
  const memories = (await storage()).export(options.all === true ? {} : { namespace: settings.namespace });
  const target = file ?? terminal.stdout;
  for await (const record of memories) {
    if (record.link === undefined) count += 1;
    else links += 1;
    if (!target.write(`${JSON.stringify(record)}\n`)) await once(target, "drain");
  }
  if (file === undefined) return 0;
  await new Promise<void>((resolve, reject) => {
    file.on("error", reject);
    file.end(resolve);
  });
  output.result(
    { exported: count, links, file: options.out },
    `${count} memories and ${links} links were written to ${options.out}.`,
  );
  return 0;
}

async function importMemories(
  session: Session,
  options: { readonly onConflict?: ImportConflict; readonly keepTrust?: boolean },
  file = "-",
) {
  const { storage, output, settings } = session;
  const result = await (await storage()).import(records(session, file, settings.namespace), options);
  output.result(result, `${result.imported} records were imported, ${result.skipped} were there before.`);
  return 0;
}

async function* records(session: Session, file: string, namespace: string): AsyncGenerator<MemoryInput> {
  for await (const { value } of jsonLines(session, file)) yield { namespace, ...value } as MemoryInput;
}

/** The objects of a file of JSON lines. Throws `E_INPUT` naming the line. */
async function* jsonLines(
  { terminal }: Session,
  file: string,
): AsyncGenerator<{ readonly value: object; readonly number: number }> {
  const input = file === "-" ? terminal.stdin : createReadStream(path.resolve(terminal.cwd, file));
  let number = 0;
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      number += 1;
      if (line.trim() !== "") yield { value: parseLine(line, number), number };
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new MnemosyneError("E_INPUT", `There is no file '${file}'.`, {
      kind: "input",
      path: "file",
      cause: error,
    });
  }
}

function parseLine(line: string, number: number): object {
  let reason = "it is not an object";
  try {
    const value: unknown = JSON.parse(line);
    if (value !== null && typeof value === "object" && !Array.isArray(value)) return value;
  } catch (error) {
    reason = error instanceof Error ? error.message : String(error);
  }
  throw new MnemosyneError("E_INPUT", `Line ${number} cannot be read: ${reason}.`, {
    kind: "input",
    path: `lines[${number - 1}]`,
  });
}
