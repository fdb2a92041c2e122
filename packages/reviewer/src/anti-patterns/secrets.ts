import type { Finding } from "@mnemosyne/core";
import type { FileDelta } from "../change/file-delta.ts";
import { isTestPath } from "../testing/test-files.ts";

const KINDS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/, "a private key"],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/, "an AWS access key"],
  [/\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_\w{22,}\b/, "a GitHub token"],
  [/\bglpat-[\w-]{20,}/, "a GitLab token"],
  [/\bsk-ant-[\w-]{20,}/, "an Anthropic key"],
  [/\bsk-(?:proj-)?[A-Za-z0-9]{32,}\b/, "an OpenAI key"],
  [/\bxox[abprs]-[\w-]{10,}/, "a Slack token"],
  [/\bAIza[\w-]{35}\b/, "a Google key"],
  [/\bnpm_[A-Za-z0-9]{36}\b/, "an npm token"],
  [/\b[sr]k_live_[A-Za-z0-9]{20,}/, "a Stripe key"],
  [/\b[a-z][a-z+]{2,}:\/\/[^\s:@/'"]+:[^\s:@/'"${}<>*]{6,}@[\w.-]+/, "a password in an address"],
];
/** `password = "…"` with a value that looks drawn, not written. */
const ASSIGNED =
  /\b(?:[\w-]*(?:password|passwd|secret|api[_-]?key|auth[_-]?token|access[_-]?token|private[_-]?key))\b["']?\s*[:=]\s*["']([^"'\s]{12,})["']/i;
const EXAMPLE =
  /example|sample|dummy|fake|placeholder|changeme|your[_-]|xxxx|1234567|abcdef|redacted|\.\.\.|<[^>]+>|\$\{|process\.env|localhost|test/i;

const LONGEST_LINE = 4000;

/** Credentials in new lines of any text file. The evidence shows only how they begin. */
export function secretsIn(delta: FileDelta): readonly Finding[] {
  return delta.added.flatMap(({ line, text }) => {
    // Longer lines are written by tools; patterns that try each start would take for ever on them.
    const hit = text.length > LONGEST_LINE ? undefined : secretIn(text);
    if (hit === undefined) return [];
    return {
      rule: "antiPatterns.secret",
      // What stands in a test was mostly made up for it.
      severity: isTestPath(delta.path) ? ("warning" as const) : ("blocker" as const),
      message: `The line holds ${hit.name}. Take it out, read it from the environment, and have it revoked.`,
      file: delta.path,
      line,
      evidence: `${hit.value.slice(0, 4)}… (${hit.value.length} characters)`,
    };
  });
}

function secretIn(text: string): { name: string; value: string } | undefined {
  for (const [pattern, name] of KINDS) {
    const value = pattern.exec(text)?.[0];
    if (value !== undefined && !EXAMPLE.test(value)) return { name, value };
  }
  const value = ASSIGNED.exec(text)?.[1];
  if (value === undefined || EXAMPLE.test(value) || randomness(value) < 3.2 || !/\d/.test(value))
    return undefined;
  return { name: "a credential", value };
}

/** Shannon entropy, in bits for each character. */
function randomness(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
