import { createHash } from "node:crypto";
import {
  canonicalJson,
  type Gate,
  type GateJudgement,
  type GateSubject,
  type JsonObject,
} from "@mnemosyne/core";

/**
 * The hash that a verdict is bound to: the gate, its version and settings, and everything of the subject that a gate
 * may look at. A verdict says nothing about a subject with another hash. Run, task and attempt are left out: the same
 * work judged again is the same subject.
 */
export function subjectHash(
  gate: Gate,
  settings: JsonObject,
  subject: GateSubject,
  evidence: { readonly judged: readonly GateJudgement[]; readonly model?: string },
): string {
  const text = canonicalJson({
    gate: gate.name,
    version: gate.version,
    settings,
    tree: subject.tree,
    changes: subject.changes,
    report: subject.report ?? null,
    output: subject.output ?? null,
    instructions: subject.instructions,
    goal: subject.goal,
    constraints: subject.constraints,
    successCriteria: subject.successCriteria,
    testCommand: subject.testCommand ?? null,
    effects: subject.effects,
    effectsKnown: subject.effectsKnown ?? true,
    earlier: subject.earlier,
    judged: evidence.judged.map(({ gate, verdict, subject, measured }) => [
      gate,
      verdict,
      subject,
      measured ?? null,
    ]),
    model: evidence.model ?? null,
  });
  return createHash("sha256").update(text).digest("hex");
}
