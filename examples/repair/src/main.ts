import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { RunNarrator } from "@mnemosyne/cli";
import { toErrorRecord } from "@mnemosyne/core";
import { OrchestrationEngine, type RunResult } from "@mnemosyne/engine";
import { loadPlan } from "@mnemosyne/plan";
import { openStorage, type Storage } from "@mnemosyne/storage";
import { readArguments, type DemoArguments } from "./arguments.ts";
import { chooseModel, type DemoModel } from "./model.ts";
import { printReport } from "./report.ts";

const HERE = fileURLToPath(new URL("..", import.meta.url));

/** One plan, carried out while it is told. */
async function carryOut(engine: OrchestrationEngine, file: string, workspace: string): Promise<RunResult> {
  const loaded = await loadPlan(path.join(HERE, "plans", file));
  const run = await engine.submit({ ...loaded, plan: { ...loaded.plan, workspace } });
  const narrator = new RunNarrator({ color: process.stdout.isTTY });
  for await (const event of run.events()) for (const line of narrator.lines(event)) console.log(line);
  return await run.result();
}

async function demonstrate(options: DemoArguments, model: DemoModel, storage: Storage, workspace: string) {
  const engine = new OrchestrationEngine({
    storage,
    model: model.model,
    catalog: model.catalog,
    secrets: model.secrets,
    namespace: "project:parcel-rates",
  });
  await engine.start();
  try {
    console.log("\nFirst plan: two tests of parcel-rates fail.");
    const runs = [await carryOut(engine, "repair-weight.yaml", workspace)];
    if (runs[0]?.ok === true) {
      console.log("\nA colleague adds a surcharge, and its test fails. Second plan, same database.");
      await cp(path.join(HERE, "change"), workspace, { recursive: true });
      runs.push(await carryOut(engine, "repair-surcharge.yaml", workspace));
    }
    await printReport({ runs, storage, model, workspace, script: options.script });
    return runs.length === 2 && runs.every(({ ok }) => ok) ? 0 : 1;
  } finally {
    await engine.stop();
  }
}

async function main(): Promise<number> {
  const options = readArguments(process.argv.slice(2));
  const workspace = await mkdtemp(path.join(tmpdir(), "parcel-rates-"));
  await cp(path.join(HERE, "project"), workspace, { recursive: true });
  await mkdir(path.join(workspace, ".mnemosyne"));
  try {
    await using model = await chooseModel(options, path.join(HERE, "scripts"));
    console.log(model.banner);
    await using storage = await openStorage(`file:${path.join(workspace, ".mnemosyne", "mnemosyne.db")}`);
    return await demonstrate(options, model, storage, workspace);
  } finally {
    if (options.clean) await rm(workspace, { recursive: true, force: true });
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(toErrorRecord(error).message);
  process.exitCode = 1;
}
