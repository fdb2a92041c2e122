import { text as readAll } from "node:stream/consumers";
import { MnemosyneError, Namespace, type MemoryPatch, type Trust } from "@mnemosyne/core";
import { Option, type Command } from "commander";
import { anyNumber, commaList, wholeNumber } from "../numbers.ts";
import type { Session } from "../session.ts";
import { memoryText } from "./memory-text.ts";
import { graphAs, historyText } from "./record-text.ts";
import type { Attach } from "./verb.ts";

interface NoteOptions {
  readonly by?: string;
  readonly reason?: string;
}

interface UpdateOptions extends NoteOptions {
  readonly content?: string;
  readonly stdin?: boolean;
  readonly type?: string;
  readonly importance?: number;
  readonly summary?: string;
  readonly keywords?: readonly string[];
  readonly tags?: readonly string[];
  readonly context?: string;
  readonly confidence?: number;
  readonly actor?: string;
  readonly trust?: Trust;
  readonly evidence?: string;
  readonly expiresAt?: string;
  readonly validFrom?: string;
  readonly validTo?: string;
  readonly supersededBy?: string;
  readonly ifVersion?: number;
}

/** The verbs that change memories, join them, and tell what happened to them. */
export function addRecordCommands(program: Command, attach: Attach): void {
  attach<UpdateOptions>(
    noted(program.command("update"))
      .summary("change a memory")
      .description(
        "Changes the named fields of a memory and prints it. How they were is kept in its history.",
      )
      .argument("<id>", "its id")
      .option("--content <text>", "the new text")
      .option("--stdin", "read the new text from standard input")
      .option("--type <type>", "e.g. insight, constraint, bug_fix, preference")
      .option("--importance <1-10>", "how much it matters", wholeNumber)
      .option("--summary <text>", "one line")
      .option("--keywords <a,b>", "words that it should also be found by", commaList)
      .option("--tags <a,b>", "labels to filter by", commaList)
      .option("--context <text>", "where it came up")
      .option("--confidence <0-1>", "how sure it is", anyNumber)
      .option("--actor <name>", "who said or did it")
      .addOption(
        new Option("--trust <level>", "how far it can be trusted").choices([
          "claimed",
          "observed",
          "verified",
        ]),
      )
      .option("--evidence <id>", "what checked the statement; 'verified' needs it")
      .option("--expires-at <time>", "when it is gone, ISO 8601")
      .option("--valid-from <time>", "when what it says began to be true")
      .option("--valid-to <time>", "when what it says ceased to be true")
      .option("--superseded-by <id>", "the memory that stands in its place from now on")
      .option("--if-version <n>", "only if it is still at this version", wholeNumber)
      .addHelpText("after", '\nExample:\n  mnemosyne update ID --importance 9 --reason "it came up again"'),
    update,
  );
  attach<NoteOptions & { readonly hard?: boolean }>(
    noted(program.command("forget"))
      .summary("remove a memory")
      .description(
        "Removes a memory from every result; 'restore' brings it back while its history is kept. With --hard every byte of it is erased, for good: history, links, text index, vectors, and what journals, playbooks and blobs quote of it.",
      )
      .argument("<id>", "its id")
      .option("--hard", "erase it for good"),
    async ({ storage, output }, options, id = "") => {
      const { hard = false, ...note } = options;
      if (!(await (await storage()).forget(id, { hard, ...said(note) }))) throw notFound(id);
      output.result({ id, forgotten: true, hard }, hard ? `${id} was erased.` : `${id} was forgotten.`);
      return 0;
    },
  );
  attach<NoteOptions>(
    noted(program.command("restore"))
      .description("Brings back a memory that was forgotten, archived or superseded.")
      .argument("<id>", "its id"),
    async ({ storage, output }, options, id = "") => {
      const memory = await (await storage()).restore(id, said(options));
      output.result(memory, memoryText(memory));
      return 0;
    },
  );
  attach(
    program.command("history").description("Tells every change of a memory.").argument("<id>", "its id"),
    async ({ storage, output }, _options, id = "") => {
      const changes = await (await storage()).history(id);
      if (changes.length === 0) throw notFound(id);
      output.result({ id, changes }, historyText(changes));
      return 0;
    },
  );
  attach<NoteOptions & { readonly type?: string; readonly strength?: number }>(
    noted(program.command("link"))
      .summary("join two memories")
      .description("Links a memory to another one, or gives the link of that type another strength.")
      .argument("<from>", "id of the one")
      .argument("<to>", "id of the other")
      .option("--type <type>", "what joins them, e.g. causes, explains (default related)")
      .option("--strength <0-1>", "how strongly, above 0 (default 1)", anyNumber),
    async ({ storage, output }, options, from = "", to = "") => {
      const link = await (await storage()).link(from, to, { ...options, ...said(options) });
      output.result(link, `${link.from} ${link.type} ${link.to} (${link.strength})`);
      return 0;
    },
  );
  attach<NoteOptions & { readonly type?: string }>(
    noted(program.command("unlink"))
      .description("Removes the link of a type from a memory to another one, or all of them.")
      .argument("<from>", "id of the one")
      .argument("<to>", "id of the other")
      .option("--type <type>", "only this type"),
    async ({ storage, output }, options, from = "", to = "") => {
      const removed = await (await storage()).unlink(from, to, { ...options, ...said(options) });
      if (removed === 0)
        throw new MnemosyneError("E_NOT_FOUND", `No such link leads from '${from}' to '${to}'.`, {
          kind: "notFound",
          path: "from",
        });
      output.result({ from, to, removed }, `${removed} links were removed.`);
      return 0;
    },
  );
  attach<{ readonly depth?: number; readonly limit?: number; readonly format?: "json" | "mermaid" | "dot" }>(
    program
      .command("graph")
      .summary("show linked memories")
      .description(
        "Shows the memories around one, or a namespace's newest linked ones, and the links among them.",
      )
      .argument("[id]", "where to begin")
      .option("--depth <n>", "at most so many links away, 0 to 10 (default 2)", wholeNumber)
      .option("--limit <n>", "at most so many memories, 1 to 1000 (default 100)", wholeNumber)
      .addOption(new Option("--format <format>", "how to print it").choices(["json", "mermaid", "dot"])),
    graph,
  );
}

function noted(command: Command): Command {
  return command
    .option("--by <name>", "who does it, for the history")
    .option("--reason <text>", "why, for the history");
}

/** Who and why: the command itself where nobody is named. */
function said({ by = "command", reason }: NoteOptions): NoteOptions {
  return { by, ...(reason === undefined ? {} : { reason }) };
}

async function update({ storage, output, terminal }: Session, options: UpdateOptions, id = "") {
  const { content, stdin, evidence, ifVersion, by, reason, ...fields } = options;
  if (content !== undefined && stdin === true)
    throw new MnemosyneError("E_INPUT", "Give the new text, or --stdin; one of them.", {
      kind: "input",
      path: "content",
    });
  const store = await storage();
  const text = stdin === true ? (await readAll(terminal.stdin)).trimEnd() : content;
  const known = evidence === undefined ? undefined : await store.get(id);
  const patch: MemoryPatch = {
    ...fields,
    ...(text === undefined ? {} : { content: text }),
    ...(evidence === undefined ? {} : { provenance: { ...known?.provenance, evidence } }),
  };
  if (Object.keys(patch).length === 0)
    throw new MnemosyneError("E_INPUT", "Name at least one field to change; see 'mnemosyne update --help'.", {
      kind: "input",
      path: "patch",
    });
  const memory = await store.update(id, patch, {
    ...said({ ...(by === undefined ? {} : { by }), ...(reason === undefined ? {} : { reason }) }),
    ...(ifVersion === undefined ? {} : { version: ifVersion }),
  });
  output.result(memory, memoryText(memory));
  return 0;
}

async function graph(
  { storage, output, settings }: Session,
  options: { readonly depth?: number; readonly limit?: number; readonly format?: "json" | "mermaid" | "dot" },
  id?: string,
) {
  const { format = output.json ? "json" : undefined, ...bounds } = options;
  const store = await storage();
  const start = id === undefined ? undefined : await store.get(id);
  // From a memory that is inherited here the graph leads into what this namespace sees; else into what that one sees.
  const namespace =
    start === undefined || Namespace.visible(settings.namespace).includes(start.namespace)
      ? settings.namespace
      : start.namespace;
  const found = await store.graph(id, { ...bounds, namespace });
  output.line(graphAs(found, format));
  return 0;
}

function notFound(id: string): MnemosyneError {
  return new MnemosyneError("E_MEMORY_NOT_FOUND", `There is no memory '${id}'.`, {
    kind: "notFound",
    path: "id",
  });
}
