import { MnemosyneError, Namespace, type JsonObject, type Memory } from "@mnemosyne/core";
import type { McpStorage } from "./options.ts";

/** What clients of one server may see and change. */
export interface Scope {
  readonly namespace: Namespace;
  /** The memory, if clients may see it. Throws `E_MEMORY_NOT_FOUND` as if there were none, else. */
  visible(id: string): Promise<Memory>;
  /** The memory, if clients may change it. Throws `E_NOT_ALLOWED` for an inherited one. */
  own(id: string): Promise<Memory>;
  /** Whether memories of that namespace may be seen. */
  sees(namespace: string): boolean;
  /** Whether a run of this plan belongs here: its plan names this namespace, or none. */
  holdsPlan(plan: unknown): boolean;
}

/** The scope of a server's namespace. */
export function scopeOf(storage: McpStorage, namespace: Namespace): Scope {
  const seen: ReadonlySet<string> = new Set(Namespace.visible(namespace));
  const visible = async (id: string): Promise<Memory> => {
    const memory = await storage.get(id);
    if (memory !== undefined && seen.has(memory.namespace)) return memory;
    throw new MnemosyneError("E_MEMORY_NOT_FOUND", `There is no memory '${id}' in ${namespace}.`, {
      kind: "notFound",
      hint: "'recall' and 'list' give the ids that there are.",
    });
  };
  return {
    namespace,
    visible,
    sees: (one) => seen.has(one),
    async own(id) {
      const memory = await visible(id);
      if (memory.namespace === namespace) return memory;
      throw new MnemosyneError(
        "E_NOT_ALLOWED",
        `The memory '${id}' belongs to ${memory.namespace}; this server changes only those of ${namespace}.`,
        { kind: "input", path: "id" },
      );
    },
    holdsPlan(plan) {
      const named = namespaceOf(plan);
      return named === undefined || named === namespace;
    },
  };
}

/** The namespace that a plan names: as written, checked, or with its source beside it as a journal keeps it. */
function namespaceOf(plan: unknown): string | undefined {
  if (plan === null || typeof plan !== "object") return undefined;
  const { namespace, plan: inner } = plan as JsonObject;
  if (typeof namespace === "string") return namespace;
  return inner === undefined ? undefined : namespaceOf(inner);
}
