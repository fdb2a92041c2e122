// Writes the names of the failing tests as JSON to the file that the plan names.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";

const { stdout } = spawnSync(process.execPath, ["--test", "--test-concurrency=2", "--test-reporter", "tap", "test/"], {
  encoding: "utf8",
});
const failing = [...stdout.matchAll(/^ *not ok \d+ - (.+)$/gm)]
  .map(([, name]) => name)
  .filter((name) => !/\.js$/.test(name));
console.log(failing.length === 0 ? "no test fails" : `failing: ${failing.join("; ")}`);
if (process.env.MNEMOSYNE_OUTPUT) writeFileSync(process.env.MNEMOSYNE_OUTPUT, JSON.stringify({ failing }));
