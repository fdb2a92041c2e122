import { createContext, Script } from "node:vm";

/** Runs synchronous work for at most so many milliseconds; `undefined` when it was stopped. */
export type Interruptible = <T>(milliseconds: number, work: () => T) => { readonly value: T } | undefined;

/**
 * Makes a runner whose work can be stopped even inside a regular expression that backtracks for ever: the engine
 * looks for such a stop while it matches.
 */
export function createInterruptible(): Interruptible {
  const call = new Script("work()");
  const scope = createContext({ work: () => {} });
  return <T>(milliseconds: number, work: () => T) => {
    let result: { readonly value: T } | undefined;
    scope["work"] = () => {
      result = { value: work() };
    };
    try {
      call.runInContext(scope, { timeout: Math.max(1, Math.ceil(milliseconds)) });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return undefined;
      throw error;
    }
    return result;
  };
}
