// A plan that stops for a person. The process that began it ends; another one gets the decision and carries the run on.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { OrchestrationEngine } from "@mnemosyne/engine";
import { openStorage } from "@mnemosyne/storage";

const folder = await mkdtemp(path.join(tmpdir(), "mnemosyne-example-"));
await writeFile(path.join(folder, "price.txt"), "19 EUR\n");
const url = `file:${path.join(folder, "runs.db")}`;

const plan = {
  version: 1,
  name: "new-price",
  workspace: folder,
  tasks: [
    { id: "draft", run: "echo '17 EUR' > draft.txt" },
    {
      id: "publish",
      dependsOn: ["draft"],
      approval: "Sell for less?",
      run: "mv draft.txt price.txt",
    },
    { id: "check", dependsOn: ["publish"], run: "grep -q 17 price.txt" },
  ],
} as const;

const show = (event: { readonly type: string; readonly task?: unknown }): void => {
  if (/^(?:task\.(?:completed|waiting)|approval\.|run\.(?:paused|finished))/.test(event.type))
    console.log(`  ${event.type}${typeof event.task === "string" ? ` ${event.task}` : ""}`);
};

let seen = 0;
{
  await using storage = await openStorage(url);
  const engine = new OrchestrationEngine(storage);
  await engine.start();
  const run = await engine.submit(plan, { runId: "price-1" });
  console.log("The first process:");
  for await (const event of run.events()) {
    seen = event.seq;
    show(event);
  }
  const { status, waiting } = await run.report();
  console.log(`  It ends. The run is ${status} and asks: ${waiting.map(({ text }) => text).join()}`);
  await engine.stop();
}

{
  await using storage = await openStorage(url);
  const engine = new OrchestrationEngine(storage);
  await engine.start();
  const run = engine.open("price-1");
  console.log("The second process:");
  await run.approve("publish", { by: "Ann" });
  const { status } = await run.result();
  for await (const event of run.events({ from: seen + 1 })) show(event);
  console.log(
    `  The run is ${status}; the price is ${(await readFile(path.join(folder, "price.txt"), "utf8")).trim()}.`,
  );
  await engine.stop();
}
await rm(folder, { recursive: true });
