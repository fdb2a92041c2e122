// Programs that some tests run, and where a machine that was made for testing gets them from.
import { existsSync } from "node:fs";
import path from "node:path";
import { run } from "./steps.mjs";

/** Program and Debian package. */
const programs = { git: "git", bwrap: "bubblewrap", chromium: "chromium", tmux: "tmux", strace: "strace" };

function isInstalled(program) {
  return (process.env.PATH ?? "")
    .split(path.delimiter)
    .some((folder) => folder !== "" && existsSync(path.join(folder, program)));
}

function missing() {
  return Object.keys(programs).filter((program) => !isInstalled(program));
}

/**
 * Names the programs that are missing. Where `CI=true` and this process is root on Debian, they are installed first;
 * on anybody's own machine nothing is.
 *
 * @returns {Promise<readonly string[]>}
 */
export async function missingPrograms() {
  const wanted = missing();
  if (wanted.length === 0 || process.env.CI !== "true") return wanted;
  if (process.getuid?.() !== 0 || !isInstalled("apt-get")) return wanted;
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const packages = wanted.map((program) => programs[program]);
  console.error(`Installing ${packages.join(", ")}.`);
  const update = await run(["apt-get", "update", "-q"], { env });
  if (update.code !== 0) console.error(`apt-get update failed:\n${update.output.slice(-2000)}`);
  // One by one: what cannot be had must not keep the others away.
  for (const name of packages) {
    const { code, output } = await run(["apt-get", "install", "-y", "-q", "--no-install-recommends", name], {
      env,
    });
    if (code !== 0) console.error(`${name} could not be installed:\n${output.slice(-2000)}`);
  }
  return missing();
}
