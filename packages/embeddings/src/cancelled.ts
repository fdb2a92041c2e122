import { MnemosyneError } from "@mnemosyne/core";

/** The error of a call whose signal has fired. */
export function cancelled(signal: AbortSignal): MnemosyneError {
  return new MnemosyneError("E_CANCELLED", "The embedding was cancelled.", {
    kind: "cancelled",
    cause: signal.reason,
  });
}

/** Throws `E_CANCELLED` when the signal has fired. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw cancelled(signal);
}

/** Settles like the work, or rejects with `E_CANCELLED` as soon as the signal fires. */
export async function unlessCancelled<Value>(
  work: Promise<Value>,
  signal: AbortSignal | undefined,
): Promise<Value> {
  if (signal === undefined) return work;
  let stop: (() => void) | undefined;
  const fired = new Promise<never>((_resolve, reject) => {
    stop = () => reject(cancelled(signal));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([work, fired]);
  } finally {
    if (stop !== undefined) signal.removeEventListener("abort", stop);
  }
}
