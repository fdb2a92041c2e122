// `npm start`: sets up what the example needs, then runs it with the arguments given after `npm start --`.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import path from "node:path";
import { build, install, installToRun, root, step } from "./steps.mjs";

const example = "@mnemosyne/example-repair";

// Where the tools for tests and checks are installed, they stay.
const isWhole = existsSync(path.join(root, "node_modules/vitest"));
if (!(await step("install", isWhole ? install : installToRun(example)))) process.exit(1);
if (!(await step("build", build(`${example}...`)))) process.exit(1);

const child = spawn(process.execPath, ["examples/repair/dist/main.js", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
});
// The terminal sends these to the example too; it decides how to end, and this process ends after it.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
child.on("close", (code, signal) => {
  process.exitCode = code ?? (signal === null ? 1 : 128 + constants.signals[signal]);
});
