/**
 * Words of judgement and degree. Where a clause leans on one of them and holds nothing that could be looked up, two people
 * could call the same result right and wrong.
 */
const JUDGING = new RegExp(
  `(?<![\\p{L}\\u0000/-])(?:${[
    // taste
    "good|better|best|nice|nicer|great|excellent|superb|perfect|ideal|fun|enjoyable|pleasant|delightful|beautiful|pretty|elegant|sleek|slick|attractive|appealing|engaging|approachable|friendly|friendlier|welcoming|inviting|fresh|modern|contemporary|stylish|polished|professional|tidy|neat|crisp|clean|cleaner|cool|smart|smarter|clever|intelligent|natural|intuitive|logical|obvious|painless|hassle-free|effortless|seamless|smooth|smoother|silky|buttery",
    "bad|ugly|messy|clunky|janky|annoying|confusing|confused|painful|pain|frustrating|overwhelming|tedious|cumbersome|noisy|weird|odd|unpleasant|outdated|awkward",
    // ease
    "easy|easier|easily|simple|simpler|simply|convenient|comfortable|accessible|understandable|comprehensible|readable|legible|usable|straightforward|self-explanatory|maintainable|extensible|flexible|versatile|adaptable|portable|configurable|customizable|customisable|actionable",
    // strength
    "robust|reliable|reliably|stable|resilient|solid|sturdy|durable|dependable|trustworthy|secure|securely|safe|safer|safely|bulletproof|scalable|performant|powerful|well-supported|mature|production-ready|enterprise-grade|battle-tested",
    // speed and amount
    "fast|faster|quick|quicker|quickly|speedy|snappy|responsive|slow|sluggish|timely|promptly|instantly|immediately|efficient|efficiently|economical|cheap|lightweight|lean|little|few|enough|plenty|sufficient|sufficiently|adequate|adequately|reasonable|reasonably|moderate|excessive|minimal|maximal|optimal|significant|significantly|considerable|substantial|substantially|noticeably|drastically|greatly|large|huge|big|vast|massive|too long|too much|too many|too slow|well in advance|in time|regularly|frequently|occasionally|from time to time|automatically and gracefully",
    // fitness
    "appropriate|appropriately|suitable|suitably|proper|properly|correctly|sensible|sensibly|meaningful|useful|helpful|relevant|important|necessary|essential|needed|applicable|usual|normal|typical|common|standard|conventional|current|up[- ]to[- ]date|consistent|consistently|coherent|precise|accurate|accurately|high-quality|world-class|state-of-the-art|cutting-edge|unexpected|various|throughout",
    "approximately|roughly|somewhat|fairly|rather|largely|mostly|generally|usually|normally|typically|ideally",
  ].join("|")})(?![\\p{L}-])`,
  "iu",
);

/** Ways to say that something has to go up or down, or to be dealt with, without saying to where or how. */
const DIRECTION =
  /(?:^|\b(?:to|should|must|please|let's|could|and|we)\s+)(improve|strengthen|harden|extend|expand|enrich|deepen|lower|raise|cut down on|cut|lessen|decrease|shrink|grow|come down|go (?:up|down)|scale up|accelerate|avoid|prevent|reorgani[sz]e|restructure|rearrange|clean|tidy|take .{1,40}? into account|account for|care for|consider|cope with|deal with|comply with|be mindful of|keep an eye on|have a look at|look (?:at|into)|come up with|think about|make sense of|get rid of (?:most|unnecessary)|be improved|be enhanced|be optimi[sz]ed|be reduced|be increased|be extended|be reconsidered|not have to wait|recover from)(?![\w-])/iu;

/** Something that a result can be compared with. */
const ANCHOR =
  // oxlint-disable-next-line no-control-regex -- a blanked-out literal
  /\u0000|\d|\b\p{Ll}+\p{Lu}\w*|\b\w+_\w+\b|\b\w+\(|\b(?:when|whenever|if|unless|until|while|once|after|before|than|instead of|except|only|without|whose|which|that|so that|such that|as soon as|from .{1,30} to|into|by \p{L}+ing|with (?:a|an|the|its|their)|each|every time|one|two|three|four|five|six|seven|eight|nine|ten|twice|first|last|second|third|half|none|nobody|no (?:more|other)?|same|equal|called|named|of the form)\b/u;

/** What a clause leans on, if nothing in it can be looked up: a word of judgement, or a direction without an end. */
export function leansOn(
  plain: string,
): { readonly words: string; readonly kind: "judgement" | "direction" } | undefined {
  if (ANCHOR.test(plain)) return undefined;
  const judging = JUDGING.exec(plain)?.[0];
  if (judging !== undefined) return { words: judging, kind: "judgement" };
  const direction = DIRECTION.exec(plain)?.[1];
  return direction === undefined ? undefined : { words: direction, kind: "direction" };
}
