import { Namespace, type MemoryStore } from "@mnemosyne/core";
import type { Attributes } from "@opentelemetry/api";
import {
  MEMORY_COUNT,
  MEMORY_QUERY,
  MEMORY_RECORD,
  MEMORY_RECORDS,
  MEMORY_STORE,
  OPERATION,
} from "./attributes.ts";
import { inSpan, type TracingOptions } from "./tracing.ts";

/**
 * The same store, with a span for each operation on memories: `create_memory`, `search_memory`, `update_memory`,
 * `delete_memory`. Everything else of it (the journal, `close`) is passed on as it is.
 *
 * @example
 * const storage = traceMemory(await openStorage("file:app.db"));
 */
export function traceMemory<S extends MemoryStore>(store: S, options: TracingOptions = {}): S {
  const content = options.content ?? false;
  const spanned = <T>(
    operation: string,
    attributes: Attributes,
    work: () => Promise<T>,
    results?: (result: T) => Attributes,
  ): Promise<T> =>
    inSpan(options, operation, { [OPERATION]: operation, ...attributes }, work, (span, result) => {
      if (results !== undefined) span.setAttributes(results(result));
    });
  const traced: Pick<MemoryStore, "store" | "storeMany" | "search" | "update" | "forget"> = {
    store: (input) =>
      spanned(
        "create_memory",
        { [MEMORY_STORE]: storeOf(input.namespace), ...(content ? { [MEMORY_RECORDS]: input.content } : {}) },
        () => store.store(input),
        (id) => ({ [MEMORY_RECORD]: id }),
      ),
    storeMany: (inputs) =>
      spanned(
        "create_memory",
        { [MEMORY_STORE]: storeOf(inputs[0]?.namespace), [MEMORY_COUNT]: inputs.length },
        () => store.storeMany(inputs),
      ),
    search: (query, search) =>
      spanned(
        "search_memory",
        { [MEMORY_STORE]: storeOf(search?.namespace), ...(content ? { [MEMORY_QUERY]: query } : {}) },
        () => store.search(query, search),
        (hits) => ({
          [MEMORY_COUNT]: hits.length,
          ...(content ? { [MEMORY_RECORDS]: JSON.stringify(hits.map((hit) => hit.content)) } : {}),
        }),
      ),
    update: (id, patch, update) =>
      spanned("update_memory", { [MEMORY_RECORD]: id }, () => store.update(id, patch, update)),
    forget: (id, forget) => spanned("delete_memory", { [MEMORY_RECORD]: id }, () => store.forget(id, forget)),
  };
  return new Proxy(store, {
    get(target, name) {
      if (Object.hasOwn(traced, name)) return traced[name as keyof typeof traced];
      const member: unknown = Reflect.get(target, name, target);
      // Bound: classes with private fields know themselves only by their own object.
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
}

function storeOf(namespace: string | undefined): string {
  return namespace ?? Namespace.global();
}
