import { readdir, readFile, readlink, realpath } from "node:fs/promises";
import path from "node:path";

/** Processes that have a file open, as `name (PID)`; this one is left out. Only where /proc tells, only those of this user. */
export async function openedBy(file: string): Promise<readonly string[]> {
  const wanted = await realpath(file).catch(() => file);
  const processes = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    processes.map(async (pid) => ((await hasOpen(pid, wanted)) ? await described(pid) : undefined)),
  );
  return found.filter((one) => one !== undefined);
}

async function hasOpen(pid: string, file: string): Promise<boolean> {
  if (Number(pid) === process.pid) return false;
  const folder = path.join("/proc", pid, "fd");
  // A process may end meanwhile, or belong to somebody else.
  const names = await readdir(folder).catch(() => []);
  const targets = await Promise.all(names.map((name) => readlink(path.join(folder, name)).catch(() => "")));
  return targets.includes(file);
}

async function described(pid: string): Promise<string> {
  const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  const words = line.split("\0").filter((word) => word !== "");
  const shown = words
    .map((word) => path.basename(word))
    .join(" ")
    .slice(0, 60);
  return `'${shown === "" ? "a process" : shown}' (PID ${pid})`;
}
