// Replays recorded runs in a process of its own: reads them as JSON from the file that is named, and prints for each
// run the digest after every input, and every step's facts, as one line.
import { readFileSync } from "node:fs";
import { digest, start, step } from "@mnemosyne/plan";

for (const { plan, inputs } of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  const { state } = start(plan);
  const told = [];
  for (const input of inputs) {
    const { facts, stale } = step(state, input);
    told.push({ digest: digest(state), facts, stale });
  }
  console.log(JSON.stringify(told));
}
