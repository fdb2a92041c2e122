/** Bits of the column `signals`: what ranking wants to know of a text without reading it. */
export const SIGNAL = { question: 1, time: 2 } as const;

const QUESTION = /\?\s*$/;
const TIME =
  /\b(?:yesterday|today|tonight|tomorrow|ago|since|recently|last (?:week|month|year|night|summer|winter|spring|fall|weekend|\w+day)|next (?:week|month|year|summer|winter|spring|fall|weekend|\w+day)|this (?:week|month|year|morning|weekend)|(?:19|20)\d\d|(?:jan|febr)uary|march|april|june|july|august|(?:septem|octo|novem|decem)ber|(?:mon|tues|wednes|thurs|fri|satur|sun)day|\d{1,2}(?::\d\d)? ?[ap]m|(?:\d+|an?|two|three|four|five|six|seven|eight|nine|ten|few|several) (?:minute|hour|day|week|month|year)s?)\b/i;
const ASKS_TIME =
  /\b(?:when|how long|how old|what (?:date|day|time|month|year)|which (?:date|day|month|year)|since when|until when)\b/i;

/** The bits of a text. */
export function signalsOf(text: string): number {
  return (QUESTION.test(text) ? SIGNAL.question : 0) | (TIME.test(text) ? SIGNAL.time : 0);
}

/** Whether a query asks for a time. */
export function asksForTime(query: string): boolean {
  return ASKS_TIME.test(query);
}
