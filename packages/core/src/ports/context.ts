import type { MemoryId } from "../ids.ts";
import type { Json } from "../json.ts";
import type { NamespaceInput } from "../namespace.ts";
import type { Task } from "../plan/plan.ts";
import type { Finding } from "./gate.ts";
import type { Workspace } from "./workspace.ts";

/** The four shares of a context: 40, 30, 20 and 10 % by default. */
export type ContextShare = "critical" | "skills" | "project" | "general";

/** One thing that a source offers to the context. */
export interface ContextItem {
  readonly id: string;
  /** Who offers it, e.g. `memories`. */
  readonly source: string;
  readonly text: string;
  /** 0 to 1, for the order within its section. */
  readonly relevance: number;
  /** Written by outsiders or recalled: stands in a fenced block as data. Default true. */
  readonly data?: boolean;
  readonly memoryId?: MemoryId;
}

/** What the context is for. */
export interface ContextRequest {
  readonly task: Pick<Task, "id" | "reads"> & { readonly instructions: string };
  readonly goal: string;
  readonly constraints: readonly string[];
  readonly successCriteria: readonly string[];
  readonly namespace: NamespaceInput;
  /** Tokens. */
  readonly budget: number;
  readonly inputs?: Readonly<Record<string, Json>>;
  readonly findings?: readonly Finding[];
  readonly attempt?: number;
  readonly answers?: readonly { readonly question: string; readonly text: string }[];
  readonly workspace?: Workspace;
  /** The run whose pending memories may be seen. */
  readonly runId?: string;
  readonly signal?: AbortSignal;
}

/** Offers items for one section. */
export interface ContextSource {
  readonly name: string;
  readonly share: ContextShare;
  /** Best first. */
  collect(request: ContextRequest): Promise<readonly ContextItem[]>;
}

/** Makes an item smaller; what is cut can be read back by the item's id. */
export interface Compressor {
  readonly name: string;
  /** At most `tokens` tokens, or `undefined` when it cannot be made that small. */
  compress(item: ContextItem, tokens: number): ContextItem | undefined;
}

/** A section of the assembled context. */
export interface ContextSection {
  readonly name: string;
  readonly share: ContextShare;
  readonly tokens: number;
  readonly items: readonly { readonly id: string; readonly source: string; readonly tokens: number }[];
}

/** What an agent is given to work with. Never above its budget. */
export interface ContextPayload {
  /** Stable instructions: the same for every task of an agent, so that a provider can cache them. */
  readonly system: string;
  /** The task and everything else, most stable first, data in fenced blocks. */
  readonly text: string;
  readonly tokens: number;
  readonly budget: number;
  readonly sections: readonly ContextSection[];
  readonly dropped: readonly {
    readonly id: string;
    readonly source: string;
    readonly tokens: number;
    readonly reason: string;
  }[];
  readonly recalled: readonly MemoryId[];
}

/** Puts an agent's context together. The optimizer implements it. */
export interface ContextAssembler {
  /** Throws `E_BUDGET` naming the section when the critical one alone does not fit. */
  buildContext(request: ContextRequest): Promise<ContextPayload>;
}

/** A skill by the SKILL.md standard. */
export interface Skill {
  readonly name: string;
  readonly description: string;
  readonly path: string;
  readonly scope: "project" | "user";
  /** SHA-256 of its SKILL.md: changes with every byte of it. */
  readonly digest?: string;
  /** Upper estimate of its body's tokens. */
  readonly tokens?: number;
  /** Somebody said that its instructions may be followed. `false`: it is shown as information only. Default: true. */
  readonly trusted?: boolean;
}

/** Finds skills and reads them. */
export interface SkillSource {
  list(): Promise<readonly Skill[]>;
  /** The body that the listed digest is of. */
  read(skill: Skill): Promise<string>;
  /** Paths of the files that come with it, below its folder: read when its body asks for them. */
  resources?(skill: Skill): Promise<readonly string[]>;
  /** One of these files. Throws `E_NOT_FOUND` for any other path. */
  readResource?(skill: Skill, path: string): Promise<string>;
}
