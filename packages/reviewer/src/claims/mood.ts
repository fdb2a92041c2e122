import type { Sentence } from "./document.ts";

/** How a sentence speaks of something that it mentions. */
export interface Mood {
  /** It is denied, avoided or said to be absent. */
  readonly negated: boolean;
  /** It is planned, wished for, proposed or an example: it need not be there. */
  readonly hypothetical: boolean;
  /** That, or told to a reader or of a general case: it need not have happened. */
  readonly supposed: boolean;
  /** It is told of the past, or of what was taken away. */
  readonly past: boolean;
  /** The words of the clause before the mention. */
  readonly before: string;
  /** The words of the clause after the mention. */
  readonly after: string;
}

const BOUNDARY =
  /[;:]\s|[()]|\s[—–]\s|\s-\s|,\s+(?:but|so|while|whereas|yet|which|who|then|because|since|although|though|as|where|and\s+(?:I|it|we|this|the|all|no|now|did|left|kept|there))\b|,?\s+\b(?:but|while|whereas|although|because|so\s+that|yet|which)\b|(?<!\b(?:e\.g|i\.e|etc|cf|vs))[.!?]["')*]*\s|\s\|\s/g;

const NEGATION =
  /\b(?:not|never|no|none|nothing|without|instead\s+of|rather\s+than|nor|neither|avoid(?:s|ed|ing)?|unlike|lacks?|missing|absent|skip(?:ped|ping)?|refrain\w*|declin\w*|oppos\w*\s+to|unnecessary|unneeded|dropp\w+\s+the\s+idea|cannot|unrelated\s+to)\b|n['’]t\b/i;
const NOT_NEGATION =
  /\bnot\s+only\b|\bno\s+(?:problem|issue|doubt|error|errors|failures?|warnings?|regressions?)\b/gi;
/** "Nothing uses it, apart from `x`". */
const EXCEPTED = /\b(?:apart\s+from|except(?:\s+for)?|other\s+than|besides|save\s+for)\s+(?:the\s+|in\s+)?$/i;
const NEGATED_AFTER =
  /^\s*(?:(?:file|folder|directory|function|method|class|module|itself|at\s+all)\s+)?(?:(?:is|are|was|were|has|have|had|does|do|did|could|can|must|may|should|will)(?:\s+(?:still|also|been))?\s+(?:not|never)\b|(?:isn|wasn|aren|weren|doesn|don|didn|hasn|haven|couldn|can|won)['’]t\b|(?:is|are|was|were|stays?|stayed|remains?|remained|left)\s+(?:left\s+)?(?:missing|absent|unchanged|untouched|alone|as\s+(?:it|is)|intact|unaffected|unrelated)|unchanged|untouched|no\s+longer\b)/i;

/** "… that takes a coupon was not asked for". */
const UNWANTED_AFTER =
  /\b(?:is|are|was|were|would\s+be|seems?|seemed)\s+(?:not|n['’]t)\s+(?:\w+\s+)?(?:asked|needed|necessary|required|requested|wanted|planned|part|in\s+scope|added|written|worth)\b|\b(?:is|are|was|were)\s+(?:\w+\s+)?(?:wrong|false|untrue|mistaken|incorrect|invented|a\s+mistake|made\s+up|considered|discussed|weighed|rejected|proposed|suggested|tempting|an\s+(?:option|alternative|idea)|possible|imaginable|conceivable|desirable|nice\s+to\s+have|planned|deferred|postponed|skipped|omitted|avoided|nowhere|non-?existent|fictional|gone|unnecessary|missing)\b|\b(?:was|is|were|are)n['’]t\s+(?:asked|needed|necessary|required|requested|wanted|planned|part|added|written|worth)\b/i;

/** Not there yet, and perhaps never: planned, proposed, on a condition. */
const HYPOTHETICAL =
  /\b(?:should|could|would|will|shall|might|plan(?:s|ned|ning)?\s+(?:to|on|for)|intend\w*|going\s+to|to\s+be\s+\w+ed|next\s+steps?|follow[- ]?ups?|consider\w*|recommend\w*|suggest\w*|propos\w*|if|unless|whether|e\.g\.?|for\s+example|for\s+instance|such\s+as|something\s+like|similar\s+to|(?:a\s+\w+|files?|names?|things?|something|anything|paths?|values?|words?|inputs?)\s+like|later|future|todo|want(?:s|ed)?\s+to|let['’]s|maybe|perhaps|possibly|hypothetical\w*|imagine|suppose\w*|(?:asks?|asked|requests?|requested)\s+(?:for|to|that)|ideally|eventually|optionally|potential\w*|remains?\s+to|still\s+(?:needs?|has)|out\s+of\s+scope|(?:can|may|must|needs?\s+to|has\s+to|have\s+to)\s+(?:\w+\s+)?(?:be\s+)?(?:add\w*|creat\w*|introduc\w*|writ\w*|extend\w*|implement\w*|put|stor\w*|mov\w*|split|extract\w*)|inspired\s+by|the\s+way|just\s+like|as\s+in|rejected|ruled\s+out|beyond|overkill|out\s+of\s+the\s+question|decided\s+against|in\s+other\s+projects|analogous\s+to|equivalent\s+(?:to|of)|compared\s+(?:to|with)|reminiscent\s+of)\b/i;
const HYPOTHETICAL_AFTER =
  /^\s*(?:\w+\s+){0,2}?(?:should|could|would|will|might|(?:can|may|must)\s+(?:\w+\s+)?be\s+(?:add|creat|introduc|written|made|built|extract|split)\w*|needs?\s+to|has\s+to|have\s+to|later\b|next(?!\s+to)\b|in\s+(?:the\s+)?(?:future|a\s+follow))\b|^\s*,?\s*(?:say|for\s+(?:example|instance)|e\.g\.?|or\s+similar|or\s+so)\b|^[^,;]*\b(?:is|are|was|were|seems?|seemed)\s+(?:beyond|out\s+of\s+scope|unnecessary|overkill|too\s+much|not\s+worth|rejected|another\s+(?:story|task|matter))\b/i;
const CONDITION = /^\W*(?:if|when|once|in\s+case|as\s+soon\s+as)\b[^,]*,\s*/i;
const HYPOTHETICAL_LABEL =
  /^\W*(?:alternatives?|next(?:\s+steps?)?|todo|future(?:\s+work)?|ideas?|rejected|considered|possible\s+\w+|follow[- ]?ups?|suggestions?|out\s+of\s+scope|not\s+done)\b[^:.]{0,30}:\s/i;
/** What belongs to something outside of the project: "Node's `…`", "the browser's `…`". */
const FOREIGN_BEFORE =
  /\b(?:Node(?:\.js)?|TypeScript|JavaScript|Python|npm|pnpm|yarn|git|GitHub|GitLab|ESLint|eslint|Jest|Vitest|Mocha|pytest|React|Vue|Angular|Svelte|Express|Fastify|Go|Rust|Java|Linux|macOS|Windows|Docker|Postgres(?:QL)?|SQLite|MySQL|Redis|Chrome|Firefox|lodash|[Bb]rowsers?|shell|POSIX|Unix|Bash|Babel|webpack|Vite|zod|Prettier|Deno|Bun|Django|Flask|Rails)['’]s?\s+(?:own\s+|built-in\s+)?$|\bin\s+(?:Python|Go|Rust|Java|Ruby|C|C\+\+|Bash|SQL|other\s+languages)\s+(?:this|it|that)\s+\w+\s+(?:be\s+)?$/;
/** Told to a reader, or of a general case: what is named has to be there, but nothing is said to have happened. */
const GENERAL =
  /\b(?:can|may|must|once|until|when(?:ever)?|need(?:s|ed)?\s+to|have\s+to|has\s+to|you|expect(?:s|ed)?|task\s+(?:says|was|is))\b/i;
const GENERAL_AFTER = /^\s*(?:\w+\s+){0,2}?(?:may|can|must)\b/i;
const HYPOTHETICAL_SECTION =
  /\b(?:next\s+steps?|follow[- ]?ups?|future|not\s+done|left\s+out|out\s+of\s+scope|limitations?|plans?|planned|todo|suggestions?|recommendations?|ideas|open\s+(?:questions?|points|issues)|proposal|remaining|alternatives?(?:\s+considered)?|how\s+to|usage|known\s+issues)\b/i;

const PAST =
  /\b(?:remov\w*|delet\w*|dropp?\w*|renam\w*|mov(?:ed|es|ing)|replac\w*|clean(?:ed|s|ing)?\s+up|got\s+rid|stripp?\w*|extract\w*|inlin\w*|was|were|had|used\s+to|old|former\w*|previous\w*|before|originally|obsolete|unused|dead|no\s+longer|merged|folded|superseded|deprecated|migrat\w*|convert\w*|gone|split)\b/i;

/** How the sentence speaks of what stands at `start` to `end` in it. */
export function moodOf({ text, words, section, box }: Sentence, start: number, end: number): Mood {
  let from = 0;
  let to = words.length;
  for (const match of words.matchAll(BOUNDARY)) {
    const boundaryEnd = match.index + match[0].length;
    if (boundaryEnd <= start) from = startOfClause(match[0], match.index, boundaryEnd);
    else if (match.index >= end) {
      to = match.index;
      break;
    }
  }
  // "If you run it locally, use `x`": the condition is over where the main clause begins.
  const condition = CONDITION.exec(words.slice(from, start));
  if (condition !== null) from += condition[0].length;
  const before = words.slice(from, start);
  const after = words.slice(end, to);
  const denied = before.replaceAll(NOT_NEGATION, " ");
  const hypothetical =
    box === "open" ||
    HYPOTHETICAL_SECTION.test(section) ||
    HYPOTHETICAL.test(before) ||
    HYPOTHETICAL_AFTER.test(after) ||
    FOREIGN_BEFORE.test(before) ||
    HYPOTHETICAL_LABEL.test(words) ||
    text.trimEnd().endsWith("?");
  return {
    negated:
      (NEGATION.test(denied) && !EXCEPTED.test(before)) ||
      NEGATED_AFTER.test(after) ||
      UNWANTED_AFTER.test(after),
    hypothetical,
    supposed: hypothetical || GENERAL.test(before) || GENERAL_AFTER.test(after),
    past: PAST.test(before) || PAST.test(after),
    before,
    after,
  };
}

/** The word that joins two clauses belongs to the second one, where it has a meaning of its own. */
function startOfClause(boundary: string, start: number, end: number): number {
  return /\b(?:because|so\s+that|although)\b/.test(boundary) ? start : end;
}

/** True if what is mentioned is spoken of as being there. */
export function isAsserted({ negated, hypothetical }: Mood): boolean {
  return !negated && !hypothetical;
}
