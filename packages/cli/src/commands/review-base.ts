import { createHash } from "node:crypto";
import { MnemosyneError } from "@mnemosyne/core";
import {
  openShared,
  readManifest,
  type FolderWorkspace,
  type Manifest,
  type ManifestEntry,
} from "@mnemosyne/workspace";
import { openGit, type Git } from "./review-git.ts";

/** What a review counts changes from. */
export interface ReviewBase {
  /** Full id of a commit; undefined for the empty tree. */
  readonly commit: string | undefined;
  /** Why it was taken: the flag, uncommitted changes, the upstream's merge base, or nothing else to compare with. */
  readonly from: "flag" | "head" | "upstream" | "empty";
}

/** A folder opened for review. */
export interface ReviewedFolder {
  readonly workspace: FolderWorkspace;
  readonly base: ReviewBase;
  /** The folder's path in its repository, with a `/` at the end; empty at the top and without git. */
  readonly prefix: string;
}

/** Folders that hold what tools leave behind; nothing in them is judged. */
const CACHES = [
  "node_modules",
  ".venv",
  "venv",
  "target",
  "__pycache__",
  ".pytest_cache",
  ".mypy_cache",
  ".ruff_cache",
  ".tox",
];

/** Options of {@link openReviewed}. */
export interface OpenReviewedOptions {
  /** A revision of the repository. */
  readonly base?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/**
 * Opens a folder so that its changes count from the base: what was asked for, else HEAD where something is not committed,
 * else the merge base with upstream, else the empty tree. What git ignores is never a change.
 */
export async function openReviewed(folder: string, options: OpenReviewedOptions): Promise<ReviewedFolder> {
  const { base: wanted, env, signal } = options;
  const git = await openGit(folder, env, signal);
  if (git === undefined && wanted !== undefined)
    throw new MnemosyneError(
      "E_INPUT",
      `${folder} is in no git repository, so there is no revision '${wanted}'.`,
      {
        kind: "input",
        path: "base",
      },
    );
  const now = await readManifest(folder, { caches: CACHES, signal });
  const contents = new Map<string, Uint8Array>();
  const base: ReviewBase =
    git === undefined ? { commit: undefined, from: "empty" } : await chooseBase(git, wanted);
  const before =
    git === undefined
      ? withoutFiles(now, await unignored(folder))
      : base.commit === undefined
        ? withoutFiles(now, await knownToGit(git))
        : await atCommit(git, now, base.commit, contents);
  return {
    base,
    prefix: git === undefined ? "" : (await git.ask("rev-parse", "--show-prefix")).trim(),
    workspace: await openShared(folder, {
      base: before,
      caches: CACHES,
      contents: {
        async get(hash) {
          const bytes = contents.get(hash);
          if (bytes !== undefined) return bytes;
          throw new MnemosyneError("E_BLOB_GONE", `The content ${hash} is not in the base.`, {
            kind: "notFound",
          });
        },
      },
      signal,
    }),
  };
}

async function chooseBase(git: Git, wanted: string | undefined): Promise<ReviewBase> {
  if (wanted !== undefined) {
    const commit = await git.tryAsk(
      "rev-parse",
      "--verify",
      "--quiet",
      "--end-of-options",
      `${wanted}^{commit}`,
    );
    if (commit !== undefined) return { commit: commit.trim(), from: "flag" };
    throw new MnemosyneError("E_INPUT", `There is no revision '${wanted}' in this repository.`, {
      kind: "input",
      path: "base",
      hint: "In a shallow clone, fetch it first.",
    });
  }
  const head = (await git.tryAsk("rev-parse", "--verify", "--quiet", "HEAD^{commit}"))?.trim();
  if (head === undefined) return { commit: undefined, from: "empty" };
  if (await isDirty(git)) return { commit: head, from: "head" };
  const upstream = await git.tryAsk("rev-parse", "--verify", "--quiet", "@{upstream}^{commit}");
  if (upstream === undefined) return { commit: undefined, from: "empty" };
  const shared = await git.tryAsk("merge-base", "HEAD", "@{upstream}");
  if (shared !== undefined) return { commit: shared.trim(), from: "upstream" };
  throw new MnemosyneError("E_INPUT", "This branch and its upstream share no commit that is here.", {
    kind: "input",
    path: "base",
    hint: "Fetch more of the history, or name the base with --base.",
  });
}

async function isDirty(git: Git): Promise<boolean> {
  const status = await git.ask(
    "status",
    "--porcelain",
    "-z",
    "--untracked-files=normal",
    "--ignore-submodules=dirty",
    "--",
    ".",
    ":(exclude,glob)**/.mnemosyne/**",
  );
  return status !== "";
}

async function unignored(folder: string): Promise<ReadonlySet<string>> {
  const plain = await openShared(folder, { base: "none", caches: CACHES });
  return new Set(await plain.list());
}

async function knownToGit(git: Git): Promise<ReadonlySet<string>> {
  return split(await git.ask("ls-files", "-z", "--cached", "--others", "--exclude-standard"));
}

function withoutFiles(now: Manifest, files: ReadonlySet<string>): Manifest {
  const entries = new Map([...now.entries].filter(([path]) => !files.has(path)));
  return { ...now, entries };
}

/** The folder as it was at a commit. What git sees no difference in, or ignores, is taken as it is. */
async function atCommit(
  git: Git,
  now: Manifest,
  commit: string,
  contents: Map<string, Uint8Array>,
): Promise<Manifest> {
  const untracked = split(await git.ask("ls-files", "-z", "--others", "--exclude-standard"));
  const differing = parseRaw(
    await git.ask(
      "diff",
      "--raw",
      "-z",
      "--no-abbrev",
      "--no-renames",
      "--no-ext-diff",
      "--no-textconv",
      "--relative",
      "--ignore-submodules=dirty",
      commit,
      "--",
      ".",
    ),
  );
  const entries = new Map(withoutFiles(now, untracked).entries);
  const objects = await git.readObjects([...new Set(differing.flatMap(({ object }) => object ?? []))]);
  for (const { path, mode, object } of differing) {
    const bytes = object === undefined ? undefined : objects.get(object);
    if (bytes === undefined) {
      if (mode === "000000") entries.delete(path);
      continue;
    }
    const hash = createHash("sha256").update(bytes).digest("hex");
    contents.set(hash, bytes);
    entries.set(path, entryOf(mode, bytes, hash, now.entries.get(path)));
    addFolders(entries, path);
  }
  return { ...now, entries };
}

function entryOf(
  mode: string,
  bytes: Uint8Array,
  hash: string,
  present: ManifestEntry | undefined,
): ManifestEntry {
  if (mode === "120000")
    return { type: "link", mode: 0, hash, size: 0, target: Buffer.from(bytes).toString("utf8") };
  const runs = mode === "100755";
  // Git knows only whether a file may be run; its other bits are the folder's own.
  const same = present?.type === "file" && ((present.mode & 0o100) !== 0) === runs;
  return { type: "file", mode: same ? present.mode : runs ? 0o755 : 0o644, hash, size: bytes.byteLength };
}

function addFolders(entries: Map<string, ManifestEntry>, path: string): void {
  for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
    const folder = path.slice(0, at);
    if (!entries.has(folder)) entries.set(folder, { type: "directory", mode: 0o755, hash: "", size: 0 });
  }
}

interface Differing {
  readonly path: string;
  /** Six octal digits; `000000` where it did not exist. */
  readonly mode: string;
  /** Id of its content at the base; undefined where it did not exist, or is a repository of its own. */
  readonly object: string | undefined;
}

/** `:MODE MODE ID ID STATUS`, NUL, path, NUL. */
function parseRaw(raw: string): readonly Differing[] {
  const parts = raw.split("\0");
  const found: Differing[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [mode = "", , object = ""] = (parts[at] ?? "").slice(1).split(" ");
    const path = parts[at + 1];
    if (path === undefined) continue;
    const isContent = mode === "100644" || mode === "100755" || mode === "120000";
    found.push({ path, mode, object: isContent ? object : undefined });
  }
  return found;
}

function split(list: string): ReadonlySet<string> {
  return new Set(list.split("\0").filter((path) => path !== ""));
}
