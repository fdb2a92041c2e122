import { emitKeypressEvents, type Key } from "node:readline";
import type { Terminal } from "../terminal.ts";

/** Single keys of a terminal. */
export interface KeyInput {
  /** Calls back for each key: its character, or `return`, `escape`, `backspace`, `tab`, `ctrl-c`. Gives what ends it. */
  start(press: (key: string) => void): () => void;
}

const NAMED: ReadonlySet<string> = new Set(["return", "escape", "backspace", "tab"]);

/** The keys of a terminal that a person sits at; undefined where nobody does. */
export function keyInput({ stdin, stdout }: Terminal): KeyInput | undefined {
  const input = stdin as NodeJS.ReadStream;
  if (!input.isTTY || stdout.isTTY !== true) return undefined;
  return {
    start(press) {
      const wasRaw = input.isRaw;
      const onKey = (text: string | undefined, key: Key): void => {
        if (key.ctrl === true && key.name === "c") press("ctrl-c");
        else if (key.name !== undefined && NAMED.has(key.name)) press(key.name);
        else if (text !== undefined && text !== "") press(text);
      };
      emitKeypressEvents(input);
      input.setRawMode(true);
      input.on("keypress", onKey);
      input.resume();
      return () => {
        input.off("keypress", onKey);
        input.setRawMode(wasRaw);
        input.pause();
      };
    },
  };
}
