import { builtinModules } from "node:module";
import type { GateSubject } from "@mnemosyne/core";
import { readDeltas, type FileDelta } from "../change/file-delta.ts";
import { isProse, isScript, languageOf } from "../source/language.ts";
import { readSource } from "../source/source-text.ts";
import { membersOf } from "../source/members.ts";
import { parseScript } from "../source/syntax.ts";
import { escapePattern, wholeWord } from "../source/whole-word.ts";

/** A package that a manifest or lockfile names. */
export interface KnownPackage {
  readonly name: string;
  readonly versions: readonly string[];
}

/** The workspace, to look things up in: every answer comes from the files, now or as they were. */
export interface Repository {
  readonly deltas: readonly FileDelta[];
  /** Where a path stands now: itself, or the files whose paths end with it. */
  find(path: string): Promise<readonly string[]>;
  /** Whether it stood in the base. */
  existed(path: string): Promise<boolean>;
  isFolder(path: string): boolean;
  textOf(path: string): Promise<string | undefined>;
  textBefore(path: string): Promise<string | undefined>;
  /** Files whose code (not comments, not prose) holds a name as a whole word. */
  filesWith(name: string): Promise<readonly string[]>;
  /** Whether any text file holds a word, documents too. */
  mentions(word: string): Promise<boolean>;
  /** Where a class, an interface or an object of this name is declared. */
  declarationsOf(name: string): Promise<readonly Declaration[]>;
  /** Whether any file's code held the name before, among the changed ones. */
  heldBefore(name: string): boolean;
  /** Scripts of all package.json files, by name. */
  scripts(): Promise<ReadonlyMap<string, readonly string[]>>;
  /** A package that a manifest, lockfile, workspace or import names, or that Node has built in. */
  package(name: string): Promise<KnownPackage | undefined>;
}

/** Where a name is declared. */
export interface Declaration {
  readonly path: string;
  /** Its members' names; missing where they cannot be told, because it inherits some or is not JavaScript. */
  readonly members?: ReadonlySet<string>;
}

const FILES_READ = 4000;
const BYTES_READ = 32 * 1024 * 1024;
const LOCKFILE =
  /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|bun\.lock|Cargo\.lock|poetry\.lock|uv\.lock|go\.sum)$/;

/** Opens the subject's workspace for looking things up. Files are read when they are first asked for. */
export async function openRepository(subject: GateSubject): Promise<Repository> {
  const { workspace } = subject;
  const files = await workspace.list();
  const known = new Set(files);
  const folders = new Set(files.flatMap(foldersOf));
  const deltas = await readDeltas(subject);
  const texts = new Map<string, Promise<string | undefined>>();

  const textOf = (path: string): Promise<string | undefined> => {
    const cached = texts.get(path);
    if (cached !== undefined) return cached;
    const text = readIfText(subject, path);
    texts.set(path, text);
    return text;
  };
  const codes = once(async () => {
    const found = new Map<string, string>();
    let bytes = 0;
    for (const path of files.slice(0, FILES_READ)) {
      if (isProse(path) || LOCKFILE.test(path) || bytes > BYTES_READ) continue;
      const text = await textOf(path);
      if (text === undefined) continue;
      bytes += text.length;
      found.set(path, languageOf(path) === undefined ? text : readSource(path, text).uncommented);
    }
    return found;
  });
  const manifests = once(async () => {
    const paths = files.filter((path) => /(?:^|\/)package\.json$/.test(path));
    const read = await Promise.all(paths.map(async (path) => parseManifest(await textOf(path))));
    return read;
  });

  return {
    deltas,
    textOf,
    async find(path) {
      const clean = normal(path);
      if (clean === "" || known.has(clean) || folders.has(clean)) return [clean];
      if (await existsInside(subject, clean)) return [clean];
      const names = otherNames(clean);
      return [...files, ...folders].filter((other) =>
        names.some((name) => other === name || other.endsWith(`/${name}`)),
      );
    },
    async existed(path) {
      const clean = normal(path);
      const gone = deltas.flatMap(({ path, from, kind, before }) =>
        before === undefined ? [] : [from ?? path, ...(kind === "renamed" ? [] : [path])],
      );
      const deleted = subject.changes.filter(({ kind }) => kind === "deleted").map(({ path }) => path);
      return [...gone, ...deleted].some(
        (other) =>
          other === clean ||
          other.endsWith(`/${clean}`) ||
          other.startsWith(`${clean}/`) ||
          other.includes(`/${clean}/`),
      );
    },
    isFolder: (path) => folders.has(normal(path)),
    async textBefore(path) {
      const delta = deltas.find(({ path: now, from }) => now === path || from === path);
      return delta === undefined ? textOf(path) : delta.before;
    },
    async filesWith(name) {
      const pattern = wholeWord(name);
      return [...(await codes())]
        .filter(([, code]) => code.includes(name) && pattern.test(code))
        .map(([path]) => path);
    },
    async mentions(word) {
      const pattern = wholeWord(word);
      for (const path of files.slice(0, FILES_READ))
        if (pattern.test((await textOf(path)) ?? "")) return true;
      return false;
    },
    async declarationsOf(name) {
      const pattern = new RegExp(
        `\\b(?:class|interface|enum|struct|trait|type|object|namespace|const|let|var|function|def|impl|fn|func)\\s+${escapePattern(name)}(?![\\w$])`,
      );
      return [...(await codes())].flatMap(([path, code]): Declaration[] => {
        if (!pattern.test(code)) return [];
        const members = isScript(path) ? membersOf(parseScript(path, code), name) : undefined;
        return [members === undefined ? { path } : { path, members }];
      });
    },
    heldBefore(name) {
      const pattern = wholeWord(name);
      return deltas.some(({ before }) => before !== undefined && pattern.test(before));
    },
    scripts: once(async () => {
      const found = new Map<string, string[]>();
      for (const { scripts } of await manifests())
        for (const [name, body] of Object.entries(scripts))
          found.set(name, [...(found.get(name) ?? []), body]);
      return found;
    }),
    async package(name) {
      const bare = packageName(name.replace(/^node:/, ""));
      if (builtinModules.includes(bare) || name.startsWith("node:"))
        return { name: bare, versions: [process.versions.node] };
      const versions = new Set<string>();
      let found = false;
      for (const manifest of await manifests()) {
        if (manifest.name === bare || manifest.name.endsWith(`/${bare}`)) {
          found = true;
          versions.add(manifest.version);
        }
        const version = manifest.dependencies[bare];
        if (version !== undefined) {
          found = true;
          versions.add(version);
        }
      }
      for (const path of files.filter((file) => LOCKFILE.test(file)))
        for (const version of lockedVersions((await textOf(path)) ?? "", bare)) {
          found = true;
          versions.add(version);
        }
      if (!found) found = await namedElsewhere(bare, files, textOf, await codes());
      return found ? { name: bare, versions: [...versions] } : undefined;
    },
  };
}

/** `@scope/name` or `name` of an import such as `name/sub/path`. */
export function packageName(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

function parseManifest(text: string | undefined): Manifest {
  try {
    const value = JSON.parse(text ?? "{}") as Record<string, unknown>;
    const record = (key: string): Record<string, string> =>
      typeof value[key] === "object" && value[key] !== null ? (value[key] as Record<string, string>) : {};
    return {
      name: typeof value["name"] === "string" ? value["name"] : "",
      version: typeof value["version"] === "string" ? value["version"] : "",
      scripts: record("scripts"),
      dependencies: {
        ...record("peerDependencies"),
        ...record("optionalDependencies"),
        ...record("devDependencies"),
        ...record("dependencies"),
      },
    };
  } catch {
    // Not JSON: it names no script and no package.
    return { name: "", version: "", scripts: {}, dependencies: {} };
  }
}

function lockedVersions(text: string, name: string): readonly string[] {
  if (text === "" || !text.includes(name)) return [];
  const safe = escapePattern(name);
  const patterns = [
    new RegExp(`"(?:[^"\\n]*/)?node_modules/${safe}":\\s*\\{\\s*"version":\\s*"([^"]+)"`, "g"),
    new RegExp(`^[ \\t]*['"]?/?${safe}@([\\d][^:('"\\s]*)`, "gm"),
    new RegExp(`^"?${safe}@[^\\n]*:\\n\\s+version:? "?([^"\\n]+)`, "gm"),
    new RegExp(`name = "${safe}"\\nversion = "([^"]+)"`, "g"),
  ];
  return patterns.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1] ?? ""));
}

/** Manifests of other languages, and imports in the code. */
async function namedElsewhere(
  name: string,
  files: readonly string[],
  textOf: (path: string) => Promise<string | undefined>,
  codes: ReadonlyMap<string, string>,
): Promise<boolean> {
  const pattern = wholeWord(name);
  for (const path of files.filter((file) =>
    /(?:^|\/)(?:requirements[\w.-]*\.txt|pyproject\.toml|setup\.(?:py|cfg)|go\.mod|Cargo\.toml|Gemfile|pnpm-workspace\.yaml|deno\.jsonc?|composer\.json|pom\.xml|build\.gradle(?:\.kts)?)$/.test(
      file,
    ),
  ))
    if (pattern.test((await textOf(path)) ?? "")) return true;
  const safe = escapePattern(name);
  const imported = new RegExp(
    `(?:\\bfrom|\\bimport|\\brequire\\()\\s*["'\`]${safe}(?:/[^"'\`]*)?["'\`]|^\\s*(?:import|from)\\s+${safe}\\b`,
    "m",
  );
  return [...codes.values()].some((code) => imported.test(code));
}

async function readIfText(subject: GateSubject, path: string): Promise<string | undefined> {
  if (!(await existsInside(subject, path))) return undefined;
  try {
    const bytes = await subject.workspace.readBytes(path);
    return bytes.byteLength > 4 * 1024 * 1024 || bytes.includes(0)
      ? undefined
      : new TextDecoder().decode(bytes);
  } catch {
    // A folder, or a file that went away while it was looked at: it has no text.
    return undefined;
  }
}

/** A path that leaves the workspace is not in it. */
async function existsInside(subject: GateSubject, path: string): Promise<boolean> {
  try {
    return await subject.workspace.exists(path);
  } catch {
    // E_PATH_ESCAPE, E_NOT_ALLOWED: whatever is there is none of the workspace's.
    return false;
  }
}

/** "the README" is README.md; TypeScript imports `./a.ts` as `./a.js`. */
function otherNames(path: string): readonly string[] {
  if (/(?:^|\/)(?:README|CHANGELOG|LICENSE|CONTRIBUTING)$/.test(path))
    return [path, `${path}.md`, `${path}.txt`, `${path}.rst`];
  const stem = /^(.*)\.([cm]?)js(x?)$/.exec(path);
  return stem === null ? [path] : [path, `${stem[1]}.${stem[2]}ts${stem[3]}`, `${stem[1]}.tsx`];
}

function foldersOf(path: string): readonly string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

function normal(path: string): string {
  return path.replaceAll(/^(?:\.\/)+|\/+$/g, "").replaceAll("/./", "/");
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
