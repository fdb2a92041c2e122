import { existsSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, resolve } from "node:path";
import { execFile } from "node:child_process";
import { findProgram } from "./find-program.ts";
import type { TreeNote } from "../tree/tree-note.ts";

/** What can hold commands on this machine. */
export type Sandbox =
  | { readonly level: "bubblewrap"; readonly program: string }
  /** Nothing can; `missing` says why. */
  | { readonly level: "none"; readonly missing: readonly string[] };

/**
 * Looks for a sandbox and tries it: bubblewrap may be installed and still not be allowed to make namespaces. The answer
 * holds for this process; ask once.
 */
export async function detectSandbox(path: string = process.env["PATH"] ?? ""): Promise<Sandbox> {
  if (process.platform !== "linux") {
    return { level: "none", missing: [`no sandbox is supported on ${process.platform}`] };
  }
  const program = await findProgram("bwrap", "/", path);
  if (program === undefined) return { level: "none", missing: ["bubblewrap is not installed"] };
  const args = [
    ...FIXED,
    "--unshare-net",
    ...privileges(),
    "--ro-bind",
    "/",
    "/",
    "--dev",
    "/dev",
    "--proc",
    "/proc",
    ...kernelSettings(),
  ];
  const failure = await tryOut(program, [...args, "--tmpfs", "/tmp", "--", "/bin/sh", "-c", "exit 0"]);
  return failure === undefined
    ? { level: "bubblewrap", program }
    : { level: "none", missing: [`bubblewrap does not work here: ${failure}`] };
}

async function tryOut(program: string, args: readonly string[]): Promise<string | undefined> {
  return await new Promise((done) => {
    execFile(program, [...args], { timeout: 10_000, env: {} }, (error, _stdout, stderr) => {
      done(error === null ? undefined : (stderr.trim().split("\n").at(-1) ?? "") || error.message);
    });
  });
}

const FIXED = [
  "--die-with-parent",
  "--new-session",
  "--unshare-pid",
  "--unshare-ipc",
  "--unshare-uts",
  "--unshare-cgroup-try",
];

/** Root keeps only what it takes to work with files: with more it could undo the mounts. */
function privileges(): readonly string[] {
  if (process.getuid?.() !== 0) return [];
  const kept = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER"];
  return ["--cap-drop", "ALL", ...kept.flatMap((name) => ["--cap-add", name])];
}

/**
 * Root may write the kernel's settings without any capability, and one of them names a program that the kernel runs.
 * A fresh /proc has them writable, so they are bound over it.
 */
function kernelSettings(): readonly string[] {
  if (process.getuid?.() !== 0) return [];
  return ["sys", "sysrq-trigger", "fs", "irq", "bus"].flatMap((name) => [
    "--ro-bind-try",
    `/proc/${name}`,
    `/proc/${name}`,
  ]);
}

/** What a sandboxed command sees. */
export interface SandboxView {
  readonly cwd: string;
  /** The tree or workspace that it works in. */
  readonly root: string;
  /** The root's note, where it is a tree. */
  readonly note: TreeNote | undefined;
  readonly writable: readonly string[];
  readonly readable: readonly string[];
  readonly network: boolean;
  readonly environment: Readonly<Record<string, string>>;
}

/** Folders whose contents a command does not see. */
const HIDDEN = ["/tmp", "/var/tmp", "/run", "/dev/shm"];

/**
 * Arguments of bubblewrap: everything read-only, home and temporary folders empty, the root writable, `.git` in it
 * read-only and `.mnemosyne` empty, no network unless asked for.
 */
export function sandboxArguments(view: SandboxView): readonly string[] {
  const { cwd, root, note, environment, network } = view;
  const home = realOf(environment["HOME"] ?? homedir());
  const hidden = [...HIDDEN, ...(home === "/" ? [] : [home])].filter((folder) => existsSync(folder));
  const args = [...FIXED, ...(network ? [] : ["--unshare-net"]), ...privileges()];
  args.push("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", ...kernelSettings());
  for (const folder of hidden) if (folder !== "/dev/shm") args.push("--tmpfs", folder);
  const show = (flag: string, path: string): void => void args.push(flag, path, path);
  const programs = [
    ...pathFolders(environment["PATH"] ?? "", home),
    dirname(dirname(realOf(process.execPath))),
  ];
  for (const path of [...programs, ...view.readable.map(realOf)]) {
    if (isBelowAny(path, hidden)) show("--ro-bind-try", path);
  }
  if (network) for (const path of RESOLVER) show("--ro-bind-try", path);
  for (const state of stateFolders(root, note)) args.push("--tmpfs", state);
  for (const { target } of note?.shared ?? []) show("--ro-bind-try", target);
  show("--bind", root);
  if (existsSync(`${root}/.git`)) show("--ro-bind", `${root}/.git`);
  if (existsSync(`${root}/.mnemosyne`)) args.push("--tmpfs", `${root}/.mnemosyne`);
  const inputs = environment["MNEMOSYNE_INPUTS"];
  if (inputs !== undefined && inputs !== "") show("--ro-bind-try", resolve(cwd, inputs));
  for (const path of view.writable) show("--bind-try", path);
  args.push("--setenv", "TMPDIR", "/tmp", "--chdir", cwd, "--");
  return args;
}

/** Where names are resolved through a local service. */
const RESOLVER = ["/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager/resolv.conf"];

/** The folders with state (journals, memories) of the workspace that a tree belongs to; nothing of them is shown. */
function stateFolders(root: string, note: TreeNote | undefined): readonly string[] {
  const folders = new Set<string>();
  for (let at = root.indexOf("/.mnemosyne/"); at >= 0; at = root.indexOf("/.mnemosyne/", at + 1)) {
    folders.add(`${root.slice(0, at)}/.mnemosyne`);
  }
  for (const origin of note?.origins ?? []) folders.add(`${origin}/.mnemosyne`);
  // A folder inside another one that is hidden already is gone with it.
  return [...folders].filter(
    (folder) => existsSync(folder) && ![...folders].some((other) => folder.startsWith(`${other}/`)),
  );
}

/** Folders of PATH; of one in somebody's home also what its programs need beside it. */
function pathFolders(path: string, home: string): readonly string[] {
  return path
    .split(":")
    .filter((folder) => folder.startsWith("/"))
    .flatMap((folder) => {
      const prefix = dirname(folder);
      const whole =
        prefix.startsWith(`${home}/`) && existsSync(`${prefix}/lib`) && prefix !== `${home}/.local`;
      return whole ? [folder, `${prefix}/lib`] : [folder];
    });
}

function isBelowAny(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path.startsWith(`${folder}/`));
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // What is not there hides nothing and shows nothing.
    return path;
  }
}
