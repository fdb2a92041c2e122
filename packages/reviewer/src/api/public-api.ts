import type { GateSubject } from "@mnemosyne/core";
import { isScript } from "../source/language.ts";
import { parseScript } from "../source/syntax.ts";
import { isTestPath } from "../testing/test-files.ts";
import { exportsOf, type ExportedName } from "./signatures.ts";

/** One name that users of a package can import. */
export interface PublicName extends ExportedName {
  readonly name: string;
  /** The file that declares it. */
  readonly file: string;
  /** Reached from an entry of its package; else only exported by a changed file of a package without entries. */
  readonly entry: boolean;
}

/** What a task did to the names that users can import. */
export interface ApiDelta {
  readonly added: readonly PublicName[];
  readonly removed: readonly PublicName[];
  readonly changed: readonly { readonly before: PublicName; readonly after: PublicName }[];
}

/** One side of a change: its texts and what its modules export, each read once however many names lead there. */
interface Side {
  text(path: string): Promise<string | undefined>;
  module(path: string): Promise<ModuleNames | undefined>;
}

type ModuleNames = ReturnType<typeof exportsOf>;

/**
 * Compares what the changed packages export before and after: from the entries that their package.json names, through
 * `export … from`. In a package that names no entry every exported name of a changed file counts.
 */
export async function readApiDelta(subject: GateSubject): Promise<ApiDelta> {
  const { workspace } = subject;
  const scripts = subject.changes
    .filter(({ path, type }) => type === "file" && isScript(path) && !isTestPath(path))
    .map(({ path }) => path);
  if (scripts.length === 0) return { added: [], removed: [], changed: [] };
  const parsed = new Map<string, ModuleNames | undefined>();
  const now = sideOf(parsed, async (path) =>
    (await workspace.exists(path)) ? await workspace.readText(path) : undefined,
  );
  const then = sideOf(parsed, async (path) => {
    const bytes = await workspace.readBase(path);
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
  });
  const before = new Map<string, PublicName>();
  const after = new Map<string, PublicName>();
  for (const folder of new Set(await Promise.all(scripts.map((path) => packageOf(path, now))))) {
    const inside = scripts.filter((path) => path.startsWith(folder));
    await collect(folder, then, inside, before);
    await collect(folder, now, inside, after);
  }
  return {
    added: [...after].flatMap(([key, name]) => (before.has(key) ? [] : name)),
    removed: [...before].flatMap(([key, name]) => (after.has(key) ? [] : name)),
    changed: [...before].flatMap(([key, old]) => {
      const current = after.get(key);
      return current === undefined || sameUse(old.signature, current.signature)
        ? []
        : { before: old, after: current };
    }),
  };
}

/** A return type that was not written before says nothing new to a caller. */
function sameUse(before: string, after: string): boolean {
  if (before === after) return true;
  const [short = "", long = ""] = [before, after].toSorted((a, b) => a.length - b.length);
  return short.endsWith(")") && long.startsWith(`${short}:`);
}

async function collect(
  folder: string,
  side: Side,
  changed: readonly string[],
  into: Map<string, PublicName>,
): Promise<void> {
  const entries = await entriesOf(folder, side);
  for (const entry of entries)
    await follow(entry, side, new Set(), (name) => into.set(`${folder}${entry}#${name.name}`, name));
  if (entries.length > 0) return;
  for (const path of changed)
    for (const [name, exported] of (await side.module(path))?.names ?? [])
      into.set(`${path}#${name}`, { name, file: path, entry: false, ...exported });
}

async function follow(
  path: string,
  side: Side,
  seen: Set<string>,
  found: (name: PublicName) => void,
): Promise<void> {
  if (seen.has(path)) return;
  seen.add(path);
  const module = await side.module(path);
  if (module === undefined) return;
  for (const [name, exported] of module.names) found({ name, file: path, entry: true, ...exported });
  for (const { from, name, as } of module.passedOn) {
    const target = from.startsWith(".") ? await resolveModule(path, from, side) : undefined;
    if (target === undefined || as !== "*")
      if (target === undefined || name === "*") {
        found({ name: as, file: path, entry: true, signature: `from ${from}`, line: 1, documented: true });
        continue;
      }
    await follow(target, side, as === "*" ? seen : new Set(seen), (inner) => {
      if (as === "*" ? inner.name !== "default" : inner.name === name)
        found({ ...inner, name: as === "*" ? inner.name : as });
    });
  }
}

/** Most files are the same on both sides: `parsed` is shared by them. */
function sideOf(
  parsed: Map<string, ModuleNames | undefined>,
  read: (path: string) => Promise<string | undefined>,
): Side {
  const texts = new Map<string, Promise<string | undefined>>();
  const textAt = (path: string): Promise<string | undefined> => {
    const known = texts.get(path) ?? read(path);
    texts.set(path, known);
    return known;
  };
  return {
    text: textAt,
    async module(path) {
      const text = await textAt(path);
      if (text === undefined) return undefined;
      const key = `${path}\0${text}`;
      if (!parsed.has(key)) {
        const program = parseScript(path, text);
        parsed.set(key, program === undefined ? undefined : exportsOf(program, text));
      }
      return parsed.get(key);
    },
  };
}

/** The folder of the nearest package.json, with a `/` at its end; empty for the root. */
async function packageOf(path: string, side: Side): Promise<string> {
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
    const folder = path.slice(0, end + 1);
    if ((await side.text(`${folder}package.json`)) !== undefined) return folder;
  }
  return "";
}

async function entriesOf(folder: string, side: Side): Promise<readonly string[]> {
  const named = new Set<string>();
  const text = await side.text(`${folder}package.json`);
  if (text !== undefined) {
    try {
      const { main, module, exports } = JSON.parse(text) as Record<string, unknown>;
      for (const value of [main, module, exports]) gather(value, named);
    } catch {
      // A broken package.json names no entry; other gates and the tests will meet it.
    }
  }
  if (named.size === 0) for (const path of ["src/index", "index"]) named.add(path);
  const found = new Set<string>();
  for (const path of named) {
    const source = await sourceOf(folder, path.replace(/^\.\//, ""), side);
    if (source !== undefined) found.add(source);
  }
  return [...found];
}

function gather(value: unknown, into: Set<string>): void {
  if (typeof value === "string") into.add(value);
  else if (typeof value === "object" && value !== null)
    for (const inner of Object.values(value)) gather(inner, into);
}

const EXTENSIONS = ["ts", "tsx", "mts", "cts", "js", "mjs", "cjs", "jsx"];

/** The source of an entry: as named, or what it is built from. */
async function sourceOf(folder: string, path: string, side: Side): Promise<string | undefined> {
  if (path.includes("*") || path.endsWith(".json")) return undefined;
  const stem = path.replace(/(?:\.d)?\.[cm]?[jt]sx?$/, "");
  const stems = [
    stem,
    stem.replace(/^(?:dist|lib|build|out)\//, "src/"),
    stem.replace(/^(?:dist|lib|build|out)\/(?:esm|cjs)\//, "src/"),
  ];
  for (const candidate of [
    path,
    ...stems.flatMap((name) => EXTENSIONS.map((extension) => `${name}.${extension}`)),
  ])
    if (
      isScript(candidate) &&
      !candidate.endsWith(".d.ts") &&
      (await side.text(`${folder}${candidate}`)) !== undefined
    )
      return `${folder}${candidate}`;
  return undefined;
}

async function resolveModule(importer: string, from: string, side: Side): Promise<string | undefined> {
  const parts = importer.split("/").slice(0, -1);
  for (const part of from.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  const path = parts.join("/");
  const stem = path.replace(/\.[cm]?jsx?$/, "");
  const candidates = [
    path,
    ...[stem, path, `${path}/index`].flatMap((name) => EXTENSIONS.map((extension) => `${name}.${extension}`)),
  ];
  for (const candidate of candidates)
    if (isScript(candidate) && (await side.text(candidate)) !== undefined) return candidate;
  return undefined;
}
