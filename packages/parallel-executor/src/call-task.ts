import type { TaskTuple } from "./task.ts";

/** Calls a tuple's function with its arguments. */
export function callTuple([, fn, args]: TaskTuple): unknown {
  return args === undefined ? fn() : fn(...(args as never[]));
}

/** Whether a value is settled later. Throws what a getter of `then` throws. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (value instanceof Promise) return true;
  return (
    (typeof value === "object" || typeof value === "function") &&
    value !== null &&
    typeof (value as Partial<PromiseLike<unknown>>).then === "function"
  );
}
