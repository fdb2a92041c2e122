import type { Vocabulary } from "../language/vocabulary.ts";

/** Bits of the column `signals`: what ranking wants to know of a text without reading it. */
export const SIGNAL = { question: 1, time: 2 } as const;

/** Ends with a question mark of any script, perhaps with a note in brackets after it. */
const QUESTION = /[?？؟]\s*(?:\[[^\]]*\]\s*)?$/;

/** The bits of a text. */
export function signalsOf(text: string, { time }: Vocabulary): number {
  return (QUESTION.test(text) ? SIGNAL.question : 0) | (time.test(text) ? SIGNAL.time : 0);
}
