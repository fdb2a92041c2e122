// Runs the project's tools one after the other, quietly: a step's output is shown when it fails.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The repository's root folder. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * Runs a command in the root folder and gives its exit code and output. `live` gets the output as it comes.
 *
 * @param {readonly [string, ...string[]]} command
 * @param {{ live?: (chunk: string) => void, env?: Record<string, string> }} [options]
 * @returns {Promise<{ code: number, output: string, seconds: number }>}
 */
export function run([program, ...args], { live, env } = {}) {
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: root,
      env: { ...process.env, ...env },
      shell: process.platform === "win32",
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const end = (code) => resolve({ code, output, seconds: (performance.now() - started) / 1000 });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (chunk) => {
        output += chunk;
        live?.(chunk);
      });
    }
    child.on("error", (error) => {
      output += `${error.message}\n`;
      end(1);
    });
    child.on("close", (code) => end(code ?? 1));
  });
}

/**
 * Runs a step and says on stderr how it went.
 *
 * @param {string} name
 * @param {readonly [string, ...string[]]} command
 * @returns {Promise<boolean>} whether it succeeded
 */
export async function step(name, command) {
  const { code, output, seconds } = await run(command);
  console.error(`${code === 0 ? "ok    " : "FAILED"} ${name} (${seconds.toFixed(1)} s)`);
  if (code !== 0) console.error(`$ ${command.join(" ")}\n${output}`);
  return code === 0;
}

/** Installs exactly what the lockfile says. */
export const install = ["pnpm", "install", "--frozen-lockfile"];

/** Installs what a workspace package needs to be built and run: no tools for tests or checks. */
export const installToRun = (name) => [...install, "--prod", "--filter", ".", "--filter", `${name}...`];

/** Builds packages; without a filter, all of them. */
export const build = (filter) => [
  "pnpm",
  "exec",
  "turbo",
  "run",
  "build",
  "--output-logs=errors-only",
  ...(filter === undefined ? [] : [`--filter=${filter}`]),
];
