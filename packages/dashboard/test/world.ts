import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { startDashboard, type Dashboard } from "@mnemosyne/dashboard";
import { OrchestrationEngine, type RunHandle } from "@mnemosyne/engine";
import { loadPlan } from "@mnemosyne/plan";
import { openStorage, type Storage } from "@mnemosyne/storage";

/** A database, an engine that works on it, and a dashboard beside them. */
export class World {
  readonly folder: string;
  readonly storage: Storage;
  readonly engine: OrchestrationEngine;
  readonly dashboard: Dashboard;

  private constructor(folder: string, storage: Storage, engine: OrchestrationEngine, dashboard: Dashboard) {
    this.folder = folder;
    this.storage = storage;
    this.engine = engine;
    this.dashboard = dashboard;
  }

  static async open(): Promise<World> {
    const folder = await mkdtemp(path.join(tmpdir(), "mnemosyne-dashboard-"));
    const storage = await openStorage(`file:${path.join(folder, "app.db")}`);
    const engine = new OrchestrationEngine({ storage });
    await engine.start();
    const dashboard = await startDashboard({
      journal: storage.journal,
      memories: storage,
      tokenFile: path.join(folder, "state", "tokens.json"),
      actions: {
        async signal(runId, signal) {
          const run = engine.open(runId);
          if (signal.type === "approval.granted") return await run.approve(signal.task, { by: signal.by });
          return signal.type === "run.cancelled" && (await run.cancel({ by: signal.by }));
        },
      },
    });
    return new World(folder, storage, engine, dashboard);
  }

  /** Begins a plan from YAML. */
  async begin(text: string, runId: string): Promise<RunHandle> {
    const file = path.join(this.folder, `${runId}.yaml`);
    await writeFile(file, text);
    return await this.engine.submit(await loadPlan(file), { runId });
  }

  async close(): Promise<void> {
    await this.dashboard.close();
    await this.engine.stop();
    await this.storage.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A plan whose second task waits for a person. */
export const APPROVAL = `
version: 1
name: release
goal: Notes go out when somebody has read them.
tasks:
  - { id: build, run: "echo built" }
  - { id: lint, run: "echo clean" }
  - { id: publish, dependsOn: [build, lint], approval: "Publish 2.0?", run: "echo out" }
`;
