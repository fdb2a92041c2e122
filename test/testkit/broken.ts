import type { ConformanceCheck } from "@mnemosyne/testkit/conformance";
import { expect } from "vitest";

/** Names of the checks that fail. */
export async function failing(checks: readonly ConformanceCheck[]): Promise<readonly string[]> {
  const names: string[] = [];
  for (const { name, run } of checks)
    await run().catch(() => {
      names.push(name);
    });
  return names;
}

/** Whether the named check fails. */
export async function caught(checks: readonly ConformanceCheck[], name: string): Promise<boolean> {
  const named = checks.filter((check) => check.name === name);
  expect(named).toHaveLength(1);
  return (await failing(named)).length === 1;
}

export function without<Value extends object, Key extends keyof Value>(
  value: Value | undefined,
  key: Key,
): Omit<Value, Key> {
  const copy = { ...value } as Value;
  delete copy[key];
  return copy;
}

/** An implementation with some methods replaced; the rest goes to the real one. */
export function broken<Subject extends object>(real: Subject, change: Partial<Subject>): Subject {
  return new Proxy(real, {
    get(target, name) {
      const changed = (change as Record<string | symbol, unknown>)[name];
      if (changed !== undefined) return changed;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
