import type { VagueRule } from "./vague-terms.ts";

/** Qualities that stand behind a name and have no measure of their own. */
const ABSTRACT =
  "quality|performance|security|reliability|usability|stability|availability|accessibility|maintainability|scalability|robustness|resilience|compatibility|consistency|readability|efficiency|flexibility|responsiveness|user experience|ux|ui|look and feel|coverage|throughput|latency";

/** What grows without a bound unless one is given. */
const GROWING =
  "files?|uploads?|downloads?|payloads?|inputs?|documents?|images?|loads?|traffic|volumes?|data|data ?sets?|databases?|tables?|projects?|repositories|teams?|numbers? of [\\p{L}-]+|amounts? of [\\p{L}-]+|quantities of [\\p{L}-]+|concurrency|demand|workloads?|messages?|lists?|queries";

/** Says of things that they matter, or are many, without saying which. */
const UNNAMED =
  "major|common|usual|typical|popular|relevant|important|necessary|unnecessary|essential|required|useful|interesting|standard|mainstream|modern|other|certain|remaining|applicable|critical|key|main|obvious|redundant|excessive";

/** Words of judgement that a goal can end in. */
const JUDGED =
  "relevant|natural|helpful|useful|low|high|small|short|minimal|consistent|accessible|available|important|sane|fine|right|correct|accurate|fair|pleasant|familiar|obvious|clear|clearer|lean|leaner|light|lighter|predictable|usable|reusable|extensible|configurable|customi[sz]able|testable|portable|compatible|meaningful|attractive|engaging|delightful|enjoyable|comfortable|complete|comprehensive|thorough|current|up[- ]to[- ]date|future[- ]proof|cost[- ]effective|fault[- ]tolerant|performant|competitive|sensible|adequate|sufficient|sleek|crisp|coherent|self[- ]explanatory|transparent|quiet|quieter|noisy|cheap|cheaper|smaller|shorter|bigger|larger|lower|higher|stronger|richer|simpler|tighter";

/** Facts that only look like judgements, by what follows. */
const FACT_BEHIND =
  "(?!\\s+(?:than|from|to|by|at|in|on|for|with|until|after|before|as|when|if|only|even|without|under|through|via|or|and\\s+\\S+\\s+(?:are|is)\\b)\\b)(?![\\w-])";

const GOAL = "(?:should|must|has to|have to|needs? to|ought to|shall|to|want(?:s)? .{1,30}? to)";

/** Claims of a state, and orders of a direction, that nothing in the clause makes measurable. */
export const VAGUE_CLAIMS: readonly VagueRule[] = [
  {
    rule: "unmeasuredChange",
    pattern:
      /(?:^|\b(?:and|(?:you|us|need|want|have|ought) to|let's|please|should|must|also|then)\s+)(rethink|revisit|revise|reconsider|tweak|refresh|tune|fine-tune|smarten|brush up|touch up|spruce up|level up|bring .{1,40}? up to (?:standard|date|speed|scratch|par)|give .{1,40}? (?:some|more|a (?:bit|little)(?: of)?) (?:love|attention|polish|care|thought)|pay (?:more |close |special )?attention to|put (?:more |some )?(?:effort|work|thought) into|work on|look (?:into|at)|do (?:some|more|a bit of) [\p{L} -]{0,30}?(?:tuning|work|cleanup|refactoring|polishing|hardening|testing|improvements?)|move (?:to|towards) (?:a )?(?:better|cleaner|more) )(?![\w-])/iu,
    settledByMeasure: true,
    reason: (words) => `'${words}' says where to work but not what is different afterwards.`,
    question: (words) => `What must be true afterwards that is not true today ('${words}')?`,
    criterion: () => "Before: COMMAND shows A. After: COMMAND shows B.",
  },
  {
    rule: "unmeasuredChange",
    pattern:
      /(?:^|\b(?:needs?|requires?|deserves?|wants?|do|does|perform|carry out)\s+)(?:(?:an?|some|more|a bit of|a (?:good|general|thorough|major|serious|proper))\s+)?((?:(?:various|small|minor|general|misc(?:ellaneous)?|several|some|further|good|proper|thorough|overall|little|few|more)\s+)*(?:fixes|improvements?|enhancements?|clean-?up|tidy-?up|refactoring|polish|overhaul|rework|facelift|tweaks|optimi[sz]ations?|adjustments|love|housekeeping|tuning|modernisation|modernization))(?![\w-])/iu,
    settledByMeasure: true,
    reason: (words) => `'${words}' names a kind of work and no result.`,
    question: (words) => `Which changes are meant by '${words}', all of them?`,
    criterion: () => "The list of changes, each with what shows that it was made.",
  },
  {
    rule: "unmeasuredComparison",
    pattern:
      // oxlint-disable-next-line no-control-regex -- a blanked-out literal
      /\b(?:make|makes|making|be|is|are|feel|feels|look|looks|become|becomes|get|gets|keep|seem|write|build|need|want|have)\b(?:\s+[\w\u0000'/-]+){0,7}?\s+((?:(?:a (?:bit|little|lot)|much|far|even|somewhat|slightly)\s+)?(?:more|less|too)\s+(?!than\b|or\b|of\b|one\b|two\b|items?\b|rows?\b|space\b|time\b)[\p{L}-]+(?:able|ible|ful|ive|ous|ent|ant|ing|al|ic|ed|y|ern|ain|ple|ean|ear|ust|ure|ial|icit|ct|te|id|le|rt|ful)?)(?!\s+than\b)(?=\s*(?:$|[.,;!?)]|for\b|in\b|to\b|and\b|on\b|around\b|about\b|when\b))/iu,
    settledByMeasure: true,
    reason: (words) => `'${words}' compares with nothing that can be looked up.`,
    question: (words) => `Compared with what, by which measure ('${words}')?`,
    criterion: () => "COMMAND gives at most (or at least) N; today it gives M.",
  },
  {
    rule: "unmeasuredComparison",
    pattern:
      /(?<![\p{L}])(?:an?|some|with|into)\s+((?:better|nicer|cleaner|friendlier|simpler|clearer|faster|smarter|stronger|richer|more [\p{L}-]+)\s+[\p{L}-]+)(?![^.]{0,80}\bthan\b)/iu,
    settledByMeasure: true,
    reason: (words) => `'${words}' compares with nothing that can be looked up.`,
    question: (words) => `Compared with what, by which measure ('${words}')?`,
    criterion: () => "The value, name or form that is wanted, or what it must beat and by how much.",
  },
  {
    rule: "vagueTime",
    pattern:
      /(?<![\p{L}])(well in advance|in good time|early enough|from time to time|regularly|every now and then)(?![\p{L}-])/iu,
    settledByMeasure: true,
    reason: (words) => `'${words}' is no moment that can be checked.`,
    question: (words) => `By when, or how often ('${words}')?`,
    criterion: () => "Within a stated time of a named event.",
  },
  {
    rule: "unboundedSize",
    pattern: new RegExp(
      `(?<![\\p{L}-])((?:(?:very|really|extremely)\\s+)?(?:large|big|huge|heavy|high|massive|enormous|long|vast|significant|increased|growing|peak)(?:[- ]scale)?\\s+(?:${GROWING}))(?![\\w-])`,
      "iu",
    ),
    settledByMeasure: true,
    reason: (words) => `'${words}' has no bound: nothing says with how much it must still work.`,
    question: (words) => `How many or how large at most ('${words}'), and within what time and memory?`,
    criterion: () => "With N items of SIZE, COMMAND ends in at most T ms and M MB.",
  },
  {
    rule: "unnamedSet",
    pattern: new RegExp(
      `\\b(?:support|supports|handle|handles|cover|covers|include|includes|contain|contains|log|logs|use|uses|provide|provides|show|shows|test|tests|allow|allows|avoid|avoids|remove|removes|integrate with|work with|works with|customi[sz]e|configure|follow|follows|add|write|document|check|validate|fix|consider|respect|track|monitor|expose)\\s+(?:[\\p{L}]+\\s+){0,3}?((?:(?:all|any|the|every|most|many|more)\\s+)*(?:${UNNAMED}|everything (?:important|relevant|necessary|else)|everything|most things|all things)(?:\\s+[\\p{L}-]+){0,2})(?=\\s*(?:$|[.,;!?)]|for\\b|in\\b|on\\b|of\\b|to\\b|with\\b|around\\b|and\\b|that\\b))`,
      "iu",
    ),
    settledByMeasure: true,
    reason: (words) => `'${words}' names no members: nothing says which belong to it.`,
    question: (words) => `Which ones are '${words}', by name or by rule?`,
    criterion: () => "The whole list, or the rule that says what belongs to it (a glob, a query, a version).",
  },
  {
    rule: "unmeasuredQuality",
    pattern:
      /\b(in an? (?!single\b|separate\b|new\b|different\b|loop\b|transaction\b|second\b)(?:[\p{L}-]+\s+){1,3}(?:way|manner|fashion))(?![\w-])(?!\s+(?:that|which)\b)/iu,
    settledByMeasure: true,
    reason: (words) => `'${words}' leaves the judgement to taste: nothing says what would be wrong.`,
    question: (words) => `What would have to be seen to call it not '${words}'?`,
    criterion: () => "On INPUT, COMMAND shows RESULT; anything else is a failure.",
  },
  {
    rule: "unmeasuredQuality",
    pattern: new RegExp(
      `\\b(?:${GOAL}\\s+(?:be|feel|look|stay|remain|become|come back)|keep\\s+(?:[\\w\\u0000'-]+\\s+){1,5}?|feel|feels|look|looks)\\s*((?:(?:very|highly|more|fully|as|so|really|reasonably|generally|always)\\s+)*(?:${JUDGED}))${FACT_BEHIND}`,
      "iu",
    ),
    settledByMeasure: true,
    reason: (words) => `'${words}' has no measure here: two people could judge the same result differently.`,
    question: (words) => `By which measure is it '${words}', and who or what decides?`,
    criterion: () => "COMMAND prints RESULT, or a named test passes that fails today.",
  },
  {
    rule: "unmeasuredQuality",
    pattern:
      /\b((?:fast|quick|good|small|large|short|long|simple|clear|secure|strong|big|low|high) enough|highly [\p{L}-]+|(?:works?|behaves?|performs?|scales?|looks?|runs?) (?:well|fine|right|nicely|great|correctly|reliably|smoothly))(?![\w-])/iu,
    settledByMeasure: true,
    reason: (words) => `'${words}' has no measure here: two people could judge the same result differently.`,
    question: (words) => `Which observation would show that it is not '${words}'?`,
    criterion: () => "On INPUT, COMMAND shows RESULT; anything else is a failure.",
  },
  {
    rule: "unmeasuredQuality",
    pattern: new RegExp(
      `\\b(?:ensure|guarantee|maintain|improve|increase|raise|enhance|boost|optimi[sz]e|preserve|achieve|provide|focus on|attention to|care about)\\s+(?:[\\p{L}-]+\\s+){0,3}?((?:(?:good|high|better|great|best|proper|sufficient|adequate|overall)\\s+)?(?:[\\p{L}]+\\s+)?(?:${ABSTRACT}))(?![\\w-])(?!\\s+(?:of\\s+)?\\u0000)`,
      "iu",
    ),
    settledByMeasure: true,
    reason: (words) => `'${words}' names a quality and no value of it.`,
    question: (words) => `Which figure of '${words}', measured how, is required?`,
    criterion: () => "COMMAND gives at least N; today it gives M.",
  },
  {
    rule: "unmeasuredQuality",
    pattern:
      /\b(sane|sufficient|adequate|sensible|reasonable|appropriate|minimal|acceptable|decent|proper|suitable|meaningful|excessive|undue)\s+(?:defaults?|documentation|docs|tests?|coverage|logging|logs?|error handling|disruption|delays?|downtime|impact|effort|time|period|amount|number|names?|messages?|values?|limits?|timeouts?|size|performance|validation|comments?|checks?|feedback|information|context|overhead|[\p{L}]+s)(?![\w-])/iu,
    settledByMeasure: true,
    reason: (words) => `'${words}' leaves the judgement to taste: nothing says what would be wrong.`,
    question: (words) => `Which value or example separates '${words}' from what is not?`,
    criterion: () => "The value itself, or the rule that gives it.",
  },
  {
    rule: "vagueQuantity",
    pattern:
      /\b((?:to a|the bare) minimum|as (?:much|little|many|few|simple|simply|short|small|fast|quickly|soon|often|far|close|[\p{L}]+) as (?:possible|you can|feasible|we can)|(?:a|some) (?:bit|little)(?=\s+(?:so|more|less|better|of)\b)|most things)(?![\w-])/iu,
    settledByMeasure: true,
    reason: (words) => `'${words}' gives no bound: one could always go further, or stop at once.`,
    question: (words) => `Which value is good enough ('${words}')?`,
    criterion: () => "At most N, or at least N.",
  },
  {
    rule: "hedge",
    pattern:
      /\b(where it makes sense|it would be (?:great|nice|good|cool) if|would be (?:great|nice|good)|nice to have|as required|if feasible|where feasible|when in doubt|could perhaps|might want to|consider (?:adding|using|making|moving))(?![\w-])/iu,
    settledByMeasure: false,
    reason: (words) => `'${words}' makes it optional: both doing it and leaving it would be right.`,
    question: (words) => `Is this required, and if not always, on what condition ('${words}')?`,
    criterion: () => "Required, or required when CONDITION holds.",
  },
];
