import { splitClauses, type Clause } from "./split-clauses.ts";
import { confidenceOf, MISSED } from "./rule-confidence.ts";
import { leansOn } from "./unanchored.ts";
import { VAGUE_CLAIMS } from "./vague-claims.ts";
import { MEASURE, VAGUE_RULES } from "./vague-terms.ts";

const RULES = [...VAGUE_RULES, ...VAGUE_CLAIMS];

/** A clause that nobody could judge, with what would make it judgeable. */
export interface ClauseFinding {
  /** Stable name of the rule: `placeholder`, `emptyAction`, `indefinite`, `openList`, `hedge`, `unmeasuredQuality`, `unmeasuredChange`, `vagueQuantity`, `vagueTime`, `unmeasuredComparison`, `unboundedSize`, `unnamedSet`, `nothingNamed`, `unanchored`; `model` for one that a model found. */
  readonly rule: string;
  /** The clause, verbatim. */
  readonly clause: string;
  /** Why it cannot be judged. */
  readonly reason: string;
  /** One question whose answer would settle it. */
  readonly question: string;
  /** The form that a judgeable criterion would have. */
  readonly criterion: string;
  /** How likely it is right, 0 to 1, by how its rule did on labelled requirements. */
  readonly confidence: number;
}

/** How judgeable a text is as a whole. */
export interface InstructionScore {
  /** How likely somebody has to be asked before it can be judged, 0 to 1. */
  readonly vagueness: number;
  readonly findings: readonly ClauseFinding[];
}

/** Words that carry no work of their own. */
const FILLER = new Set(
  "a an the this that these those it its and or but to of in on at by for from with as is are be been was were will would can could should must may please thanks thank you your me my we us our i now today tomorrow just really very so then also here there all together everything anything nothing do does did done make makes get gets have has go let lot way need needs want via per total up out over".split(
    " ",
  ),
);

/**
 * Finds, clause by clause, what in instructions cannot be judged, with one question each. Deterministic: word patterns
 * in their grammatical place, never substrings; quoted text, code and paths are names and not looked at. Knows English; text
 * in another language gives no findings.
 *
 * @example
 * assessInstructions("Make the importer faster.");
 * // [{ rule: "unmeasuredQuality", clause: "Make the importer faster.", question: "What counts as 'faster': ...", ... }]
 */
export function assessInstructions(text: string): readonly ClauseFinding[] {
  return splitClauses(text).flatMap((clause) => assess(clause) ?? []);
}

/**
 * The findings of a text, and how likely it is vague: calibrated on labelled requirements, so that of those with 0.9
 * about nine in ten are. Text in another language than English has no findings and tells nothing.
 */
export function scoreInstructions(text: string): InstructionScore {
  const findings = assessInstructions(text);
  const sound = findings.reduce((product, { confidence }) => product * (1 - confidence), 1 - MISSED);
  return { vagueness: 1 - sound, findings };
}

function assess(clause: Clause): ClauseFinding | undefined {
  const measured = MEASURE.test(clause.text);
  for (const { rule, pattern, settledByMeasure, reason, question, criterion } of RULES) {
    if (settledByMeasure && measured) continue;
    const match = pattern.exec(clause.plain);
    const words = match?.[1] ?? match?.[2];
    if (words === undefined) continue;
    return {
      rule,
      clause: clause.text,
      reason: reason(words),
      question: question(words),
      criterion: criterion(words),
      confidence: confidenceOf(rule),
    };
  }
  if (!namesSomething(clause)) return nothingNamed(clause);
  const leans = measured ? undefined : leansOn(clause.plain);
  return leans === undefined ? undefined : unanchored(clause, leans.words, leans.kind);
}

/** A word of content, or a literal. */
function namesSomething({ plain }: Clause): boolean {
  if (plain.includes("\u0000") || /\d/.test(plain)) return true;
  if (/[^\u0000-\u024f]/u.test(plain)) return true; // oxlint-disable-line no-control-regex -- all of Latin is meant
  return (plain.toLowerCase().match(/[\p{L}-]+/gu) ?? []).some((word) => !FILLER.has(word));
}

function nothingNamed(clause: Clause): ClauseFinding {
  return {
    rule: "nothingNamed",
    clause: clause.text,
    reason: "It names no file, behaviour or result.",
    question: "What exactly should be different afterwards, and where?",
    criterion: "FILE contains, or COMMAND shows, RESULT.",
    confidence: confidenceOf("nothingNamed"),
  };
}

function unanchored(clause: Clause, words: string, kind: "judgement" | "direction"): ClauseFinding {
  return {
    rule: "unanchored",
    clause: clause.text,
    reason:
      kind === "judgement"
        ? `It rests on '${words}', and nothing in it could be looked up to tell whether that holds.`
        : `'${words}' says a direction, and nothing in it says where that ends.`,
    question: `Which observation would show that it is done ('${words}')?`,
    criterion: "On INPUT, COMMAND shows RESULT; anything else is a failure.",
    confidence: confidenceOf("unanchored"),
  };
}
