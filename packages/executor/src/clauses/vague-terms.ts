/** A way in which a clause can leave open what would be right. */
export interface VagueRule {
  /** Stable name. */
  readonly rule: string;
  readonly pattern: RegExp;
  /** A measure in the clause (a number, a test that must pass) settles it. */
  readonly settledByMeasure: boolean;
  readonly reason: (words: string) => string;
  readonly question: (words: string) => string;
  readonly criterion: (words: string) => string;
}

const QUALITIES: readonly {
  readonly words: string;
  readonly question: (word: string) => string;
  readonly criterion: string;
}[] = [
  {
    words:
      "fast|faster|quick|quicker|quickly|slow|slower|responsive|performant|snappy|speedy|efficient|efficiently|lightweight",
    question: (word) => `What counts as '${word}': which operation, on what input, in at most how long?`,
    criterion: "OPERATION on INPUT takes at most N ms (median of M runs of COMMAND).",
  },
  {
    words:
      "simple|simpler|easy|easier|easily|intuitive|user-friendly|friendly|convenient|readable|understandable|maintainable|elegant|clean|cleaner|cleanly|tidy|neat|nice|nicer|nicely|pretty|beautiful|modern|sleek|smooth|smoother|seamless|polished|professional|attractive|flexible|powerful|smart|smarter",
    question: (word) => `What would a reviewer look at to call it ${word}?`,
    criterion:
      "A check that can fail: a named rule passes, a function has at most N lines, a named step takes at most N actions.",
  },
  {
    words:
      "secure|securely|safe|safer|safely|robust|reliable|reliably|stable|resilient|solid|bulletproof|production[- ]ready|enterprise-grade|scalable",
    question: (word) => `${capital(word)} against what: which input, load or failure must it withstand?`,
    criterion: "With FAULT or LOAD injected, COMMAND still ends with RESULT.",
  },
  {
    words:
      "good|better|best|great|proper|properly|appropriate|appropriately|suitable|suitably|reasonable|reasonably|acceptable|adequate|adequately|sensible|sensibly|decent|optimal|optimally|well",
    question: (word) => `By which measure is it ${word}, and who or what decides?`,
    criterion: "COMMAND prints RESULT, or a named test passes that fails today.",
  },
];

const MEANT_AS_GOAL =
  "(?:(?:make|makes|making|keep|keeps|get|gets|be|is|are|was|look|looks|feel|feels|become|becomes|stay|stays|run|runs|work|works|behave|behaves|perform|performs)(?:\\s+[\\w\u0000'-]+){0,6}?\\s+|(?:more|much|very|really|super|as|so|too|nice\\s+and)\\s+)";

const ADVERBS =
  "gracefully|properly|appropriately|accordingly|sensibly|nicely|cleanly|efficiently|robustly|elegantly|adequately|intuitively|seamlessly|smoothly|optimally|reasonably|as expected|as usual";

function quality({ words, question, criterion }: (typeof QUALITIES)[number]): VagueRule {
  return {
    rule: "unmeasuredQuality",
    pattern: new RegExp(`\\b${MEANT_AS_GOAL}(${words})(?![\\w-])`, "iu"),
    settledByMeasure: true,
    reason: (word) => `'${word}' has no measure here: two people could judge the same result differently.`,
    question,
    criterion: () => criterion,
  };
}

/** In the order in which one of several is reported. */
export const VAGUE_RULES: readonly VagueRule[] = [
  {
    rule: "placeholder",
    pattern: /\b(tbd|tbc|to be (?:determined|decided|defined|confirmed)|fixme|\?{2,}|lorem ipsum)(?![\w-])/iu,
    settledByMeasure: false,
    reason: (words) => `'${words}' stands where a decision is missing.`,
    question: (words) => `What should stand in place of '${words}'?`,
    criterion: () => "The decided value, named in the instructions.",
  },
  {
    rule: "emptyAction",
    pattern:
      /\b(do (?:the needful|what(?:ever)? (?:is|it takes|you think|you want|you like|makes sense)[\w ]{0,20}|your (?:thing|magic|best)|something(?: about)?|the (?:usual|rest|necessary|right thing))|make (?:it|this|that|things|everything) (?:work|happen|right|scale|shine|pop|good|great|better|nice|nicer|perfect|usable)|(?:it|this|that|things|everything|all) (?:(?:should|must|has to|have to|needs? to) )?just works?|do a (?:good|great|proper|decent|thorough) job|(?:fix|solve|resolve|handle|address|finish|complete|do) (?:(?:all|any|the|remaining|other|existing|known) )*(?:bugs|issues|problems|errors|rest|edge cases|leftovers)(?=\s*(?:$|[.,;!]))|make sure (?:it|this|that|everything|all) (?:works?|is (?:fine|ok|okay|good|right))|sort (?:it|this|that|things|everything) out|sort out|take care of|deal with|handle (?:it|this|that|things|everything)|(?:fix|improve|check|update|finish|complete|do) (?:it|this|that|things|stuff|everything|all)(?=\s*(?:$|[.,!?]|please\b|now\b|quickly\b|up\b|asap\b)))/iu,
    settledByMeasure: true,
    reason: (words) => `'${words}' names no change that could be seen to have happened.`,
    question: (words) => `Which files or behaviour change, and how does one see that '${words}' is done?`,
    criterion: () => "Before: COMMAND shows A. After: COMMAND shows B.",
  },
  {
    rule: "indefinite",
    pattern:
      /\b(whatever|wherever|whichever|whenever possible|however you (?:like|want)|somehow|somewhere|someone|something|stuff|best practices?(?!\s+(?:in|of|from|listed|described|by)\b)|industry[- ]standards?|state[- ]of[- ]the[- ]art|things? like that|the thing|thingy|needful)(?![\w-])/iu,
    settledByMeasure: false,
    reason: (words) => `'${words}' names nothing in particular, so no result can be compared with it.`,
    question: (words) => `What exactly is meant by '${words}'?`,
    criterion: () => "The file, value, place or person by name.",
  },
  {
    rule: "openList",
    pattern:
      /(?<![\w-])(etc\.?|and so on|and so forth|and (?:more|others|such|the like|similar(?: ones)?)(?=\s*(?:$|[.,;!?)]))|or (?:something|similar|so)(?=\s*(?:$|[.,;!?)]))|among others)(?![\w-])/iu,
    settledByMeasure: false,
    reason: (words) => `'${words}' leaves the list open: nothing says when it is complete.`,
    question: () => "Which are the other items, all of them?",
    criterion: () => "The whole list, or the rule that says what belongs to it (a glob, a query).",
  },
  {
    rule: "hedge",
    pattern:
      /\b(if (?:possible|you can|time permits|you have time|needed|necessary|required|appropriate)|when(?:ever)? (?:possible|appropriate|needed|necessary|it makes sense)|where(?:ver)? (?:possible|appropriate|needed|necessary|required|it makes sense|sensible)|as (?:needed|appropriate|necessary|you see fit|required)|maybe|perhaps|possibly|ideally|preferably|hopefully|probably|kind of|sort of|more or less|try to|at your discretion)(?![\w-])/iu,
    settledByMeasure: false,
    reason: (words) => `'${words}' makes it optional: both doing it and leaving it would be right.`,
    question: (words) => `Is this required, and if not always, on what condition ('${words}')?`,
    criterion: () => "Required, or required when CONDITION holds.",
  },
  ...QUALITIES.map(quality),
  {
    rule: "unmeasuredQuality",
    pattern: new RegExp(
      `\\b(?:(?:add|use|write|provide|include|choose|give|apply|implement|ensure|need|needs|want)\\s+(?:an?\\s+|the\\s+|some\\s+)?(proper|appropriate|suitable|reasonable|sensible|adequate|decent|good|better|meaningful|robust)\\s|(${ADVERBS})(?![\\w-]))`,
      "iu",
    ),
    settledByMeasure: true,
    reason: (words) => `'${words}' leaves the judgement to taste: nothing says what would be wrong.`,
    question: (words) => `What would have to be seen to call it not '${words}'?`,
    criterion: () => "On INPUT, COMMAND shows RESULT; anything else is a failure.",
  },
  {
    rule: "unmeasuredChange",
    pattern:
      /(?:^|\b(?:and|(?:you|us|need|want|have|ought) to|please|should|must|also|then)\s+)(improve|enhance|optimi[sz]e|polish|clean up|tidy(?: up)?|beautify|streamline|moderni[sz]e|simplify|harden|speed up|revamp|rework|overhaul|perfect|reduce|increase|minimi[sz]e|maximi[sz]e|boost|clean (?:this|it|that|things|the \w+) up|refactor(?![^.]*\s(?:into|to|out of|from|behind|using|with)\s))(?![\w-])/iu,
    settledByMeasure: true,
    reason: (words) => `'${words}' says a direction but no end: any change, or none, could be called done.`,
    question: (words) => `What is measured before and after, and which value ends '${words}'?`,
    criterion: () => "COMMAND gives at most (or at least) N; today it gives M.",
  },
  {
    rule: "vagueQuantity",
    pattern:
      /\b(?:(?:add|write|create|make|fix|remove|include|give|provide|use|find|cover|test|handle|update|put)\s+(?:\w+\s+){0,2}?)(some|a few|several|various|a bunch of|a couple of|many|lots of|a lot of|plenty of|enough|a bit(?: of)?|most|as (?:many|much|few|little)[\w ]{0,20}as possible)(?![\w-])/iu,
    settledByMeasure: true,
    reason: (words) => `'${words}' gives no number and no names: it cannot be counted.`,
    question: (words) => `How many, or which ones ('${words}')?`,
    criterion: () => "At least N, or exactly the ones named: A, B, C.",
  },
  {
    rule: "vagueTime",
    pattern:
      /\b(soon|asap|as soon as possible|later|in a timely manner|eventually|right away|in the near future)(?![\w-])/iu,
    settledByMeasure: true,
    reason: (words) => `'${words}' is no moment that can be checked.`,
    question: (words) => `By when, or after which task ('${words}')?`,
    criterion: () => "Done before TASK starts (dependsOn), or within a stated time (timeout).",
  },
];

/** What makes a wish checkable: a number with what it counts, a command or test with its outcome, a named standard. */
export const MEASURE =
  /\d+\s*(?:%|ms|s\b|sec|seconds?|min|minutes?|h\b|hours?|kb|mb|gb|kib|mib|bytes?|lines?|times|x\b|requests?|calls?|items?|rows?|files?|tests?|users?|characters?|tokens?|rps|qps|fps|per\b)|\b(?:at most|at least|no more than|fewer than|less than|more than|under|below|above|within|exactly)\s+\S*\d|\b(?:tests?|suite|build|lint|linter|type ?check(?:er)?|ci|checks?|command|it)\s+(?:still\s+)?(?:pass(?:es)?|succeeds?|exits?\b|is green|are green)|\bexit(?:s| code| status)?\s+(?:code\s+)?0\b|\b(?:to|by|of)\s+\d|\b(?:so that|until|such that)\b|\bby\s+\p{L}+ing\s+\S|:\s+\S+(?:\s+\S+){2,}|\bO\([^)]+\)|\bwcag\b|\bowasp\b|\brfc\s?\d+/iu;

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
