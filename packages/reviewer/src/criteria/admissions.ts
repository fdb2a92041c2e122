import type { ParsedDocument, Sentence } from "../claims/document.ts";

/** Where a report itself says that something is not done. */
export interface Admission {
  readonly sentence: Sentence;
  readonly words: string;
}

const WORK = String.raw`(?:done|implemented|finished|complete[d]?|written|added|covered|handled|supported|fixed|tested|wired\s+up|working)`;
const ADMISSIONS: readonly RegExp[] = [
  new RegExp(`\\b(?:partially|partly|half|mostly|almost|only\\s+partly)\\s+${WORK}\\b`, "i"),
  /\bpartial\s+(?:implementation|fix|solution|work|completion|progress)\b/i,
  new RegExp(
    `\\b(?:not|n['’]t)\\s+(?:been\\s+|be\\s+)?(?:yet\\s+)?(?:fully\\s+|completely\\s+|entirely\\s+)?${WORK}\\s+yet\\b|\\bnot\\s+yet\\s+(?:been\\s+)?${WORK}\\b|\\bnot\\s+(?:fully|completely|entirely)\\s+${WORK}\\b`,
    "i",
  ),
  /\b(?:is|are|was|were|remains?|still)\s+(?:still\s+)?(?:incomplete|unfinished|a\s+work\s+in\s+progress|only\s+a\s+(?:stub|placeholder|sketch))\b|^\W*(?:incomplete|unfinished|wip)\b/i,
  /\b(?:I|we)\s+(?:left|have\s+left)\s+(?:\w+\s+){0,4}(?:out|for\s+later|undone|open|for\s+(?:another|the\s+next|a\s+later))\b|\b(?:was|were|is|are|been)\s+left\s+(?:out|undone|for\s+later|for\s+a\s+follow)/i,
  /\b(?:I|we)\s+(?:could\s+not|couldn['’]t|was\s+not\s+able\s+to|were\s+not\s+able\s+to|was\s+unable\s+to|were\s+unable\s+to|did\s+not\s+(?:manage|have\s+(?:the\s+)?time|get)|didn['’]t\s+(?:manage|have\s+(?:the\s+)?time|get))\b(?!\s+(?:find|reproduce)\s+any)/i,
  /\b(?:ran\s+out\s+of|no)\s+(?:time|budget|context|turns)\s+(?:left\b|to\b|for\b)|\bran\s+out\s+of\s+(?:time|budget|context|turns)\b/i,
  /\bstill\s+(?:needs?\s+to\s+be|has\s+to\s+be|have\s+to\s+be|to\s+be\s+\w+|fails?|failing|broken|missing|to\s*do)\b/i,
  /\b(?:remains?\s+to\s+be|to\s+be\s+done|remaining\s+(?:work|items?|steps?|tasks?)\b(?!\s*[:-]?\s*(?:none|nothing|0)\b))/i,
  /\b(?:for\s+now\s*,?\s+(?:I|it|this|we)|as\s+a\s+(?:first|temporary)\s+step|skipped\s+for\s+now|deferred|postponed|follow[- ]?up\s+(?:is\s+)?needed)\b/i,
  /\b(?:will|shall)\s+be\s+(?:added|done|implemented|finished|completed|fixed|written)\s+(?:later|next|in\s+a\s+(?:later|follow))/i,
];
/** "Nothing is left out", "no partial implementation", "fixed the function that was not fully implemented". */
const DENIED = /\b(?:no|nothing|none|never|neither|without|zero|isn['’]t|not\s+a)\b[^,;:.]*$/i;
const OF_BEFORE =
  /\b(?:before|previously|originally|earlier|formerly)\b,?[^;:.]*$|\b(?:used\s+to|the\s+old|had\s+been|fix(?:ed|es)?|finish(?:ed|es)|complet(?:ed|es)|replac\w+|implement(?:ed|s)|because|since|that|which|where|when(?:ever)?|if|unless)\b[^,;:.]*$/i;

/** What a report admits to: partly done, left out, still failing; open boxes in its lists. */
export function admissionsIn({ sentences }: ParsedDocument): readonly Admission[] {
  return sentences.flatMap((sentence) => {
    if (sentence.box === "open") return [{ sentence, words: "- [ ]" }];
    for (const pattern of ADMISSIONS) {
      const match = pattern.exec(sentence.words);
      if (match === null) continue;
      const before = sentence.words.slice(0, match.index);
      if (DENIED.test(before) || OF_BEFORE.test(before)) continue;
      return [{ sentence, words: match[0] }];
    }
    return [];
  });
}
