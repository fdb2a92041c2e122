// A release as functions that depend on each other. Nothing here is durable: for that, see the plan with an approval.
import { setTimeout as pause } from "node:timers/promises";
import { ParallelExecutor } from "@mnemosyne/parallel-executor";

const published: string[] = [];
let tries = 0;

const executor = new ParallelExecutor({ concurrency: 3, policy: "rollback" });
const release = (signingWorks: boolean) =>
  executor.executeParallel([
    { name: "build", run: () => pause(20, ["app.js", "app.css"]) },
    {
      name: "test",
      dependsOn: ["build"],
      retries: { attempts: 3, backoff: 5 },
      run: async () => {
        if (++tries < 3) throw new Error("the test server is not up yet");
        return "42 passed";
      },
    },
    // Two that want the same thing wait for each other, whatever the concurrency.
    { name: "docs", dependsOn: ["build"], resources: ["website"], run: () => pause(10, "docs") },
    { name: "notes", dependsOn: ["build"], resources: ["website"], run: () => pause(10, "notes") },
    {
      name: "publish",
      dependsOn: ["build", "test", "docs", "notes"],
      run: ({ results }) => {
        const files = results["build"] as readonly string[];
        published.push(...files);
        return files.length;
      },
      compensate: () => void published.splice(0),
    },
    {
      name: "sign",
      dependsOn: ["publish"],
      run: () => {
        if (!signingWorks) throw new Error("the key has expired");
      },
    },
    { name: "announce", dependsOn: ["sign"], run: () => "announced" },
  ]);

for (const signingWorks of [true, false]) {
  tries = 0;
  const { ok, tasks } = await release(signingWorks);
  console.log(ok ? "Released." : "Not released.");
  for (const [name, { status, attempts, causes }] of Object.entries(tasks)) {
    const tried = attempts > 1 ? ` at try ${attempts}` : "";
    const because = causes === undefined ? "" : `, because of ${causes.join(", ")}`;
    console.log(`  ${name}: ${status}${tried}${because}`);
  }
  console.log(`  published: ${published.join(", ") || "nothing"}`);
}
