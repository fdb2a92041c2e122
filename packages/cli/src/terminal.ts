import type { Writable } from "node:stream";

/** Where a command reads and writes: the process's own streams, or a test's. */
export interface Terminal {
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborts with the name of the signal that the process got. */
  readonly signal: AbortSignal;
}

/** Why a command was interrupted. */
export class Interrupted {
  readonly name: "SIGINT" | "SIGTERM";

  constructor(name: "SIGINT" | "SIGTERM") {
    this.name = name;
  }

  /** 128 and the signal's number, as shells have it. */
  get exitCode(): number {
    return this.name === "SIGINT" ? 130 : 143;
  }
}

/** The process as a terminal. The first SIGINT or SIGTERM aborts; a second one ends the process at once. */
export function processTerminal(): Terminal & { readonly close: () => void } {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    const interrupted = new Interrupted(name === "SIGTERM" ? "SIGTERM" : "SIGINT");
    if (controller.signal.aborted) process.exit(interrupted.exitCode);
    controller.abort(interrupted);
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    signal: controller.signal,
    close() {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    },
  };
}
