import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { MnemosyneError, type PlaybookDelta, type PlaybookItem } from "@mnemosyne/core";
import {
  formatAceText,
  formatSkillbook,
  parseAceText,
  parseSkillbook,
  planRefinement,
} from "@mnemosyne/optimizer";
import type { Session } from "../session.ts";

type Format = "ace" | "skillbook";

/** Options of `playbook show`. */
export interface ShowOptions {
  readonly at?: number;
  readonly history?: boolean;
}

/** Options of `playbook apply`. */
export interface ApplyOptions {
  readonly refine?: boolean;
}

/** Options of `playbook revert`. */
export interface RevertOptions {
  readonly change?: number;
  readonly run?: string;
}

/** Options of `playbook import`. */
export interface ImportOptions {
  readonly format: Format;
}

/** Options of `playbook export`. */
export interface ExportOptions extends ImportOptions {
  readonly out?: string;
}

/** Prints a playbook or its history. */
export async function showPlaybook(
  { storage, output, settings }: Session,
  options: ShowOptions,
): Promise<number> {
  const { namespace } = settings;
  const { playbooks } = await storage();
  if (options.history === true) {
    const changes = await playbooks.history(namespace);
    const lines = changes.map(
      ({ version, at, deltas, by, reason, run }) =>
        `${version}  ${at.toISOString()}  ${deltas.map(({ op }) => op).join(", ")}${[by, reason, run].flatMap((each) => (each === undefined ? [] : [`  ${each}`])).join("")}`,
    );
    output.result({ namespace, changes }, lines.length === 0 ? "Nothing was learnt yet." : lines.join("\n"));
    return 0;
  }
  const { version, items } = await playbooks.read(
    namespace,
    options.at === undefined ? {} : { version: options.at },
  );
  output.result(
    { namespace, version, items },
    items.length === 0 ? "Nothing was learnt yet." : itemLines(items),
  );
  return 0;
}

/** Applies a file of deltas. */
export async function applyPlaybook(session: Session, options: ApplyOptions, file = "-"): Promise<number> {
  const { namespace } = session.settings;
  const { playbooks } = await session.storage();
  const { deltas, version } = deltasIn(await textOf(session, file));
  const now = (await playbooks.read(namespace)).version;
  let applied = await playbooks.apply(namespace, deltas, version ?? now, { by: "person" });
  const merged = options.refine === true ? await planRefinement(await playbooks.read(namespace)) : [];
  if (merged.length > 0)
    applied = await playbooks.apply(namespace, merged, applied.version, { by: "refine" });
  session.output.result(
    { namespace, version: applied.version, applied: deltas.length, refined: merged.length, ids: applied.ids },
    `${deltas.length} deltas were applied; the playbook of ${namespace} is at version ${applied.version}.`,
  );
  return 0;
}

/** Takes changes back. */
export async function revertPlaybook(
  { storage, output, settings }: Session,
  options: RevertOptions,
): Promise<number> {
  const { change: version, run } = options;
  const what = version === undefined ? (run === undefined ? undefined : { run }) : { version };
  if (what === undefined || (version !== undefined && run !== undefined))
    throw new MnemosyneError("E_INPUT", "Say what to take back: --change or --run, one of them.", {
      kind: "input",
      path: "change",
    });
  const done = await (await storage()).playbooks.revert(settings.namespace, what, { by: "person" });
  output.result(
    done,
    `Taken back: ${done.reverted.length === 0 ? "nothing" : done.reverted.join(", ")}.${done.conflicts.map(({ id, since }) => `\n${id} stays: change ${since} touched it since.`).join("")}`,
  );
  return done.conflicts.length > 0 ? 1 : 0;
}

/** Writes a playbook in a public format. */
export async function exportPlaybook(
  { storage, output, settings, terminal }: Session,
  options: ExportOptions,
): Promise<number> {
  const playbook = await (await storage()).playbooks.read(settings.namespace);
  const text = options.format === "ace" ? formatAceText(playbook) : formatSkillbook(playbook);
  const exported = playbook.items.length;
  if (options.out === undefined) output.result({ format: options.format, exported, text }, text.trimEnd());
  else {
    await writeFile(path.resolve(terminal.cwd, options.out), text);
    output.result(
      { format: options.format, exported, file: options.out },
      `${exported} items were written to ${options.out}.`,
    );
  }
  return 0;
}

/** Adds the items of a file that are not there yet. */
export async function importPlaybook(session: Session, options: ImportOptions, file = "-"): Promise<number> {
  const { namespace } = session.settings;
  const text = await textOf(session, file);
  const { deltas, problems } = options.format === "ace" ? parseAceText(text) : parseSkillbook(text);
  const { playbooks } = await session.storage();
  const { version, items } = await playbooks.read(namespace);
  const { fresh, conflicts } = notThere(deltas, items);
  const applied =
    fresh.length === 0
      ? { version, ids: [] }
      : await playbooks.apply(namespace, fresh, version, {
          by: "person",
          reason: `import of ${options.format}`,
        });
  const counts = { imported: fresh.length, skipped: deltas.length - fresh.length - conflicts.length };
  session.output.result(
    { namespace, version: applied.version, ...counts, conflicts, problems },
    `${counts.imported} items were imported, ${counts.skipped} were there before.`,
  );
  for (const problem of [...problems, ...conflicts.map((id) => `'${id}' is there with other words`)])
    session.output.note(problem);
  return conflicts.length > 0 ? 1 : 0;
}

function notThere(deltas: readonly PlaybookDelta[], items: readonly PlaybookItem[]) {
  const byId = new Map(items.map((item) => [item.id, item]));
  const contents = new Set(items.map(({ section, content }) => `${section}\0${content}`));
  const fresh: PlaybookDelta[] = [];
  const conflicts: string[] = [];
  for (const delta of deltas) {
    if (delta.op !== "add" || contents.has(`${delta.section}\0${delta.content}`)) continue;
    if (delta.id !== undefined && byId.has(delta.id)) conflicts.push(delta.id);
    else fresh.push(delta);
  }
  return { fresh, conflicts };
}

function deltasIn(text: string): { readonly deltas: readonly PlaybookDelta[]; readonly version?: number } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new MnemosyneError(
      "E_INPUT",
      `The deltas cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
      {
        kind: "input",
        path: "file",
        cause: error,
      },
    );
  }
  if (Array.isArray(value)) return { deltas: value as readonly PlaybookDelta[] };
  if (typeof value === "object" && value !== null && "deltas" in value && Array.isArray(value.deltas)) {
    const version: unknown = "version" in value ? value.version : undefined;
    return {
      deltas: value.deltas as readonly PlaybookDelta[],
      ...(typeof version === "number" ? { version } : {}),
    };
  }
  throw new MnemosyneError("E_INPUT", 'Give a list of deltas, or {"deltas":[...],"version":n}.', {
    kind: "input",
    path: "deltas",
  });
}

async function textOf({ terminal }: Session, file: string): Promise<string> {
  if (file === "-") {
    const chunks: Buffer[] = [];
    for await (const chunk of terminal.stdin) chunks.push(Buffer.from(chunk as Uint8Array | string));
    return Buffer.concat(chunks).toString("utf8");
  }
  try {
    return await readFile(path.resolve(terminal.cwd, file), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new MnemosyneError("E_INPUT", `There is no file '${file}'.`, {
      kind: "input",
      path: "file",
      cause: error,
    });
  }
}

function itemLines(items: readonly PlaybookItem[]): string {
  const sections = new Map<string, PlaybookItem[]>();
  for (const item of items) {
    const known = sections.get(item.section);
    if (known === undefined) sections.set(item.section, [item]);
    else known.push(item);
  }
  return Array.from(
    sections,
    ([section, own]) =>
      `${section}\n${own.map(({ id, content, helpful, harmful, verified }) => `  ${id}  +${helpful} -${harmful}${verified ? "  verified" : ""}  ${content.replaceAll("\n", " ")}`).join("\n")}`,
  ).join("\n\n");
}
