import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** Names of the environment variable that marks every process of a command. */
export const MARKER = "MNEMOSYNE_COMMAND";

/**
 * When a process started, as an opaque string: together with its pid it names the process for ever, across reuse of
 * pids and restarts of the machine. Undefined where there is none. Default: this process.
 */
export function processStartTime(pid: number = process.pid): string | undefined {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  if (process.platform !== "linux") return startTimeByPs(pid);
  const stat = readStat(pid);
  return stat === undefined || stat.state === "Z" ? undefined : `${bootId()}:${stat.ticks}`;
}

/** True while exactly that process runs: the pid, started then. */
export async function isProcessAlive(pid: number, startedAt: string): Promise<boolean> {
  return startedAt !== "" && processStartTime(pid) === startedAt;
}

/**
 * Kills the process group of a command that a dead worker left behind, and on Linux also what left the group, by pid
 * and start time from the journal. True when there was something to kill. A pid that now belongs to somebody else is
 * left alone.
 */
export async function killProcessGroup(pid: number, startedAt: string): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 1) return false;
  const leader = processStartTime(pid);
  if (leader !== undefined && leader !== startedAt) return false;
  const ids = process.platform === "linux" ? idsInGroup(pid, startedAt) : new Set<string>();
  // Without its leader, only the marker tells that a group is the command's.
  if (leader === undefined && ids.size === 0) return false;
  const killed = signalGroup(pid, "SIGKILL");
  const strays = [...ids].map((id) => endMarked(id, "SIGKILL").length);
  return killed || strays.some((count) => count > 0);
}

/** Markers of the commands whose processes form the group, and did not start before it. */
function idsInGroup(group: number, startedAt: string): ReadonlySet<string> {
  const [boot, ticks = ""] = startedAt.split(":");
  const ids = new Set<string>();
  if (boot !== bootId()) return ids;
  for (const pid of allPids()) {
    const stat = readStat(pid);
    if (stat === undefined || stat.group !== group || stat.ticks < Number(ticks)) continue;
    const id = markerOf(pid);
    if (id !== undefined) ids.add(id);
  }
  return ids;
}

/** Sends a signal to a process group. False where there is none. */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // EPERM: something in it runs as another user; what could be reached was.
    if (code === "ESRCH" || code === "EPERM") return false;
    throw error;
  }
}

/** True while a process of the group runs. One that has ended and only waits to be collected does not count (Linux). */
export function isGroupAlive(group: number): boolean {
  if (!signalGroup(group, 0)) return false;
  if (process.platform !== "linux") return true;
  return allPids().some((pid) => {
    const stat = readStat(pid);
    return stat?.group === group && stat.state !== "Z";
  });
}

/**
 * Sends a signal to every process that bears a command's marker, wherever it went, and gives their pids and names.
 * Linux only; elsewhere there are none to be seen. `spare` says which are left alone.
 */
export function endMarked(
  id: string,
  signal: NodeJS.Signals,
  spare: (name: string) => boolean = () => false,
): readonly { readonly pid: number; readonly name: string }[] {
  if (process.platform !== "linux") return [];
  const ended: { pid: number; name: string }[] = [];
  for (const pid of allPids()) {
    if (pid === process.pid || markerOf(pid) !== id) continue;
    const stat = readStat(pid);
    if (stat === undefined || stat.state === "Z" || spare(stat.name)) continue;
    try {
      process.kill(pid, signal);
      ended.push({ pid, name: stat.name });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
  return ended;
}

function allPids(): readonly number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0);
}

interface Stat {
  readonly name: string;
  readonly state: string;
  readonly group: number;
  readonly ticks: number;
}

function readStat(pid: number): Stat | undefined {
  const text = readProc(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The name stands in parentheses and may contain anything, parentheses too.
  const close = text.lastIndexOf(")");
  const fields = text.slice(close + 2).split(" ");
  return {
    name: text.slice(text.indexOf("(") + 1, close),
    state: fields[0] ?? "",
    group: Number(fields[2]),
    ticks: Number(fields[19]),
  };
}

function markerOf(pid: number): string | undefined {
  const environment = readProc(`/proc/${pid}/environ`);
  const at = environment === undefined ? -1 : `\0${environment}`.indexOf(`\0${MARKER}=`);
  if (environment === undefined || at < 0) return undefined;
  const from = at + MARKER.length + 1;
  const to = environment.indexOf("\0", from);
  return environment.slice(from, to < 0 ? undefined : to);
}

/** A file of a process; undefined where the process is gone, or not ours to look at. */
function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES" || code === "EPERM") return undefined;
    throw error;
  }
}

/** Ticks count from the boot, so the boot is part of a start time. */
function bootId(): string {
  return (readProc("/proc/sys/kernel/random/boot_id") ?? "").trim();
}

function startTimeByPs(pid: number): string | undefined {
  try {
    const text = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], {
      encoding: "utf8",
      env: { PATH: process.env["PATH"], LC_ALL: "C", TZ: "UTC" },
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
    return text === "" ? undefined : text;
  } catch (error) {
    // `ps` exits with 1 where there is no such process.
    if ((error as { readonly status?: number }).status === 1) return undefined;
    throw error;
  }
}
