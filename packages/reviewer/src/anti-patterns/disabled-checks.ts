import type { Finding } from "@mnemosyne/core";
import { found, type Rule } from "./rule.ts";

/** What switches a check off, and whether the rest of the comment gives a reason. */
const SWITCHES: readonly (readonly [pattern: RegExp, name: string, hasReason: (rest: string) => boolean])[] =
  [
    [/@ts-(?:ignore|nocheck)\b(.*)/, "the type checker", worded],
    [/@ts-expect-error\b(.*)/, "the type checker", worded],
    [
      /\b(?:eslint|oxlint|tslint|stylelint)[-:]disable(?:-next-line|-line)?\b(.*)/,
      "a lint rule",
      (rest) => /\s--\s*\S/.test(rest),
    ],
    [/\bbiome-ignore(?:-all)?\b(.*)/, "a lint rule", (rest) => /:\s*\S/.test(rest)],
    [/#\s*type:\s*ignore\b(.*)/, "the type checker", (rest) => /#\s*\S|\[[\w-]+\]\s+\S/.test(rest)],
    [/\bnoqa\b(.*)/, "a lint rule", (rest) => /:\s*[A-Z]+\d+/.test(rest)],
    [/\bpylint:\s*disable=([\w,-]+.*)/, "a lint rule", (rest) => /\s\S/.test(rest)],
    [/\bnolint\b(.*)/, "a lint rule", (rest) => /\/\/\s*\S/.test(rest)],
    [
      /\b(?:istanbul|c8|v8)\s+ignore\b(.*)/,
      "coverage",
      (rest) => /\b(?:next|file|else|if|start|stop)\b.*\w{3,}/.test(rest),
    ],
    [/\bpragma:\s*no\s*cover\b(.*)/, "coverage", worded],
  ];

function worded(rest: string): boolean {
  return /\w{3,}.*\w{3,}|\w{8,}/.test(rest.replaceAll(/\*\/|-->/g, ""));
}

/** Checks that new lines switch off without saying why. */
export const disabledChecks: Rule = (changed) => {
  const findings: Finding[] = [];
  for (const comment of changed.source.comments)
    for (const [index, text] of comment.text.split("\n").entries()) {
      const line = comment.line + index;
      if (!changed.touches(line)) continue;
      for (const [pattern, name, hasReason] of SWITCHES) {
        const match = pattern.exec(text);
        if (match === null || hasReason(match[1] ?? "")) continue;
        findings.push(
          found(
            changed,
            "disabledCheck",
            "blocker",
            line,
            `A comment switches ${name} off without a reason. Mend what it complains about, or write the reason behind it.`,
          ),
        );
        break;
      }
    }
  return findings;
};
