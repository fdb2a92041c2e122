import { spawn, type ChildProcess } from "node:child_process";
import type { Writable } from "node:stream";
import { MARKER } from "./process-identity.ts";

/**
 * Runs in a process of its own and outlives its parent by a moment. It reads `+ GROUP` and `- GROUP` lines; when the
 * pipe closes, however its parent ended, it kills the groups that are left, and what bears the marker (Linux).
 */
const SCRIPT = `
trap '' HUP INT TERM QUIT
groups=' '
while read -r sign group; do
  case $sign in
    +) groups="$groups$group " ;;
    -) case $groups in *" $group "*) groups="\${groups%% "$group" *} \${groups#* "$group" }" ;; esac ;;
  esac
done
[ "$groups" = ' ' ] && exit 0
for group in $groups; do kill -9 "-$group"; done
[ -r /proc/self/environ ] || exit 0
for round in 1 2 3; do
  found=$(grep -ls -- "${MARKER}=$1" /proc/[0-9]*/environ)
  [ -n "$found" ] || exit 0
  for file in $found; do
    pid=\${file#/proc/}
    kill -9 "\${pid%/environ}"
  done
done
`;

/** Makes sure that no command's process group outlives this process. */
export interface Supervisor {
  /** From when this resolves, the group is killed should this process die. */
  watch(group: number): Promise<void>;
  /** The group has ended. */
  forget(group: number): void;
  /** Ends the supervisor, and with it what is still watched. */
  close(): void;
}

/** Starts a supervisor for the commands whose marker begins with `prefix`. It does not keep this process alive. */
export function startSupervisor(prefix: string): Supervisor {
  const groups = new Set<number>();
  let closed = false;
  let child = start();

  function start(): ChildProcess & { readonly stdin: Writable } {
    const fresh = spawn("/bin/sh", ["-c", SCRIPT, "mnemosyne-supervisor", prefix], {
      detached: true,
      env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin" },
      stdio: ["pipe", "ignore", "ignore"],
    });
    fresh.unref();
    (fresh.stdin as Writable & { unref?: () => void }).unref?.();
    // A write that fails is seen by its callback; without a listener it would end this process.
    fresh.stdin.on("error", () => undefined);
    fresh.on("error", () => undefined);
    fresh.once("exit", () => {
      if (closed || child !== fresh) return;
      // Somebody killed it: the next one has to know of all that runs.
      child = start();
      for (const group of groups) child.stdin.write(`+ ${group}\n`);
    });
    return fresh;
  }

  async function send(line: string): Promise<boolean> {
    return await new Promise((resolve) => {
      child.stdin.write(line, (error) => resolve(error === null || error === undefined));
    });
  }

  return {
    async watch(group) {
      groups.add(group);
      for (let attempt = 1; !(await send(`+ ${group}\n`)); attempt += 1) {
        if (attempt >= 5) throw new Error("The supervisor of commands cannot be started.");
        await new Promise((resolve) => setTimeout(resolve, 10 * attempt));
      }
    },
    forget(group) {
      groups.delete(group);
      if (!closed) child.stdin.write(`- ${group}\n`);
    },
    close() {
      closed = true;
      child.stdin.end();
    },
  };
}
