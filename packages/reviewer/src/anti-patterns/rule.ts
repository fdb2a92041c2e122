import type { Finding } from "@mnemosyne/core";
import type { FileDelta } from "../change/file-delta.ts";
import type { SourceText } from "../source/source-text.ts";
import type { SyntaxNode } from "../source/syntax.ts";
import type { TestExample } from "./test-examples.ts";

/** A changed source file, as the rules see it. */
export interface ChangedSource {
  readonly delta: FileDelta & { readonly after: string };
  readonly source: SourceText;
  /** The lines without their comments. */
  readonly lines: readonly string[];
  /** The lines without their comments and without what stands in strings. */
  readonly code: readonly string[];
  /** For JavaScript and TypeScript that can be parsed. */
  readonly tree?: SyntaxNode;
  readonly isTest: boolean;
  /** True if the task added or changed a line of this stretch. */
  touches(first: number, last?: number): boolean;
  /** Calls with literal arguments that the project's tests make, with what they expect. */
  readonly examples: readonly TestExample[];
}

/** One anti-pattern: what it finds in a changed file. */
export type Rule = (changed: ChangedSource) => readonly Finding[];

/** A finding of the gate at a line of a changed file. */
export function found(
  changed: ChangedSource,
  rule: string,
  severity: Finding["severity"],
  line: number,
  message: string,
  evidence?: string,
): Finding {
  return {
    rule: `antiPatterns.${rule}`,
    severity,
    message,
    file: changed.delta.path,
    line,
    evidence: evidence ?? (changed.delta.after.split("\n")[line - 1] ?? "").trim(),
  };
}
