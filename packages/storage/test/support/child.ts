import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { compiledPackage } from "./compiled-package.ts";

/** A program in a process of its own. */
export interface Child {
  /** Lines that it has printed so far. */
  readonly lines: readonly string[];
  /** Its exit code, or the signal that ended it. Rejects with what it printed when it fails by itself. */
  readonly ended: Promise<number | string>;
  /** Resolves when a line begins so. */
  says(beginning: string): Promise<string>;
  kill(signal?: NodeJS.Signals): void;
}

/**
 * What programs begin with. `say` writes before it returns: a process that is killed right after it has said so.
 */
const PRELUDE = `
import { writeSync } from "node:fs";
import { openStorage } from "@mnemosyne/storage";
const say = (...words) => writeSync(1, words.join(" ") + "\\n");
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const arguments_ = process.argv.slice(2);
`;

/** Starts a program with the compiled package; `through` is a command that runs it, e.g. strace with its flags. */
export function start(program: string, args: readonly string[], through: readonly string[] = []): Child {
  const folder = compiledPackage();
  const file = path.join(folder, `${randomUUID()}.mjs`);
  writeFileSync(file, PRELUDE + program);
  const [command = process.execPath, ...flags] = [...through, process.execPath, file, ...args];
  const child = spawn(command, flags, { stdio: ["ignore", "pipe", "pipe"] });
  const lines: string[] = [];
  const listeners = new Set<() => void>();
  let errors = "";
  let rest = "";
  child.stdout.setEncoding("utf8");
  child.stderr.setEncoding("utf8");
  child.stdout.on("data", (chunk: string) => {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
    for (const listener of listeners) listener();
  });
  child.stderr.on("data", (chunk: string) => {
    errors += chunk;
  });
  const ended = new Promise<number | string>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (signal !== null) resolve(signal);
      else if (code === 0) resolve(0);
      else reject(new Error(`The program ended with ${code}:\n${lines.join("\n")}\n${errors}`));
    });
  });
  return {
    lines,
    ended,
    says(beginning) {
      return new Promise((resolve, reject) => {
        const look = (): void => {
          const found = lines.find((line) => line.startsWith(beginning));
          if (found === undefined) return;
          listeners.delete(look);
          resolve(found);
        };
        listeners.add(look);
        look();
        ended.then(() => reject(new Error(`The program ended without saying '${beginning}'.`)), reject);
      });
    },
    kill(signal = "SIGKILL") {
      child.kill(signal);
    },
  };
}
