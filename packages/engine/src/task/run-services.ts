import type {
  Agent,
  Clock,
  CommandRunner,
  ContextAssembler,
  GateRunner,
  LanguageModel,
  ModelCatalog,
  Namespace,
  Plan,
  Task,
  Tool,
} from "@mnemosyne/core";
import type { ContextMonitor } from "@mnemosyne/context-monitor";
import type { Coordinator } from "@mnemosyne/coordinator";
import type { CompensationFunction } from "@mnemosyne/plan";
import type { Optimizer } from "@mnemosyne/optimizer";
import type { Manifest } from "@mnemosyne/workspace";
import type { EngineStorage } from "../storage.ts";

/** Everything that one run's work needs, wired by the engine. */
export interface RunServices {
  readonly runId: string;
  readonly plan: Plan;
  readonly storage: EngineStorage;
  readonly namespace: Namespace;
  readonly agents: ReadonlyMap<string, Agent>;
  /** Does commands, functions and instructions that name no other agent. */
  readonly executor: Agent;
  readonly compensations: ReadonlyMap<string, CompensationFunction>;
  readonly gates: GateRunner;
  /** Names of gates that ask a model: they need not judge again what only moved. */
  readonly modelGates: ReadonlySet<string>;
  /** Versions of all gates, by name. */
  readonly gateVersions: ReadonlyMap<string, string>;
  readonly assembler: ContextAssembler;
  /** Learns from how tasks end; undefined where nothing is to be learnt. */
  readonly learner: Pick<Optimizer, "learn"> | undefined;
  readonly coordinator: Coordinator;
  /** Leases that a task takes before it starts. */
  readonly leasesFor: (task: Pick<Task, "reads" | "writes">) => readonly {
    readonly resources: readonly string[];
    readonly mode: "shared" | "exclusive";
  }[];
  readonly commands: CommandRunner;
  readonly model: LanguageModel | undefined;
  readonly catalog: ModelCatalog | undefined;
  readonly monitor: ContextMonitor;
  readonly tools: readonly Tool[];
  /** Absolute folder for trees; not part of any workspace. */
  readonly stateDir: string;
  /** Absolute folder that the plan acts on. */
  readonly workspace: string;
  /** The workspace's manifest as it was last read: files that did not change are not read again. */
  readonly seen: { manifest?: Manifest };
  readonly clock: Clock;
  readonly redact: (text: string) => string;
  /** Tokens of an agent's context where neither task nor plan says less. */
  readonly contextTokens: number;
  readonly host: string;
  /** This process, as leases and claims name it. */
  readonly worker: string;
  /** Random in [0, 1), for the spread of delays. */
  readonly random: () => number;
}
