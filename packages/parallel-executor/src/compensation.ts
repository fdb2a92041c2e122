import { asError, tookTooLong } from "./errors.ts";
import type { TaskDefinition } from "./task.ts";

/**
 * Undoes what one task did; gives the error when that fails or takes longer than `timeout` milliseconds.
 */
export async function compensate(
  definition: TaskDefinition,
  value: unknown,
  timeout: number | undefined,
): Promise<Error | undefined> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  try {
    const work = (async () =>
      definition.compensate?.({ value, name: definition.name, signal: controller.signal }))();
    await (timeout === undefined
      ? work
      : Promise.race([
          work,
          new Promise<never>((_, reject) => {
            timer = setTimeout(() => {
              const error = tookTooLong(definition.name, timeout, "Compensation of");
              controller.abort(error);
              reject(error);
            }, timeout);
          }),
        ]));
    return undefined;
  } catch (error) {
    return asError(error, definition.name);
  } finally {
    clearTimeout(timer);
  }
}
