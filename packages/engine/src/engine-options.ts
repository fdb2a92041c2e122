import type {
  Agent,
  Clock,
  CommandRunner,
  ContextAssembler,
  Gate,
  LanguageModel,
  ModelCatalog,
  NamespaceInput,
  Tool,
} from "@mnemosyne/core";
import type { Optimizer } from "@mnemosyne/optimizer";
import type { EngineStorage } from "./storage.ts";

/** What an engine is made of. Only `storage` is required. */
export interface EngineOptions {
  /** Stays open when the engine stops: the engine closes only what it opened. */
  readonly storage: EngineStorage;
  /** For tasks with `instructions`. Without one, a plan that has such tasks is refused. */
  readonly model?: LanguageModel;
  /** Used once a task's failures have been escalated: another model, or the name of one of the same provider. */
  readonly strongerModel?: LanguageModel | string;
  /** Prices and windows; needed for budgets in USD. */
  readonly catalog?: ModelCatalog;
  /** Agents that tasks name, beside `executor`. */
  readonly agents?: readonly Agent[];
  /** Gates beside the built-in ones. */
  readonly gates?: readonly Gate[];
  /** Tools for every agent, beside those of the workspace. */
  readonly tools?: readonly Tool[];
  /** Default: an `Optimizer` over the storage's memories and playbooks. */
  readonly assembler?: ContextAssembler;
  /** Learns from how tasks end. Default: an `Optimizer` over the storage's playbooks; `false`: nothing is learnt. */
  readonly learner?: Pick<Optimizer, "learn"> | false;
  /** Default: commands run here, in a sandbox where one is to be had. */
  readonly commands?: CommandRunner;
  /** Namespace of runs whose plan names none. Default `global`. */
  readonly namespace?: NamespaceInput;
  /** Folder for trees and other state. Default `.mnemosyne` in the plan's workspace. */
  readonly stateDir?: string;
  /** Tokens of an agent's context where no budget says less. Default 40,000. */
  readonly contextTokens?: number;
  /** Values that must never be stored, such as API keys; well-known forms of keys are masked anyway. */
  readonly secrets?: readonly string[];
  /** Variables that tasks may name in `env`. Default `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
}
