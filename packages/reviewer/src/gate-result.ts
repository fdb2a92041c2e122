import {
  MnemosyneError,
  isMnemosyneError,
  toErrorRecord,
  type Gate,
  type GateJudgement,
  type Json,
} from "@mnemosyne/core";
import { isVerdict, verdictOf } from "./verdict.ts";

type GateResult = Awaited<ReturnType<Gate["judge"]>>;

/** What a plug-in returned, held to the rules: no verdict that is not one, no pass beside a blocker. */
export function checkResult(result: GateResult): GateResult {
  if (!isVerdict(result?.verdict) || !Array.isArray(result.findings))
    throw new MnemosyneError("E_GATE", "The gate did not return a verdict and a list of findings.", {
      kind: "internal",
      details: { verdict: JSON.stringify(result?.verdict ?? null) } satisfies Json,
    });
  if (result.verdict === "pass" && verdictOf(result.findings) === "fail")
    return { ...result, verdict: "fail" };
  return result;
}

/** Bad settings, a spent budget or an open question do not go away by asking again. */
export function worthAnotherTry(error: unknown): boolean {
  return !(isMnemosyneError(error) && ["input", "budget", "waiting", "notFound"].includes(error.kind));
}

/** What is told of a gate that threw. */
export function errorFinding(gate: string, error: unknown, tries: number): GateJudgement["findings"][number] {
  const record = toErrorRecord(error);
  return {
    rule: `${gate}.error`,
    severity: "blocker",
    message: `The gate could not judge${tries > 1 ? ` in ${tries} tries` : ""}: ${record.message}`,
    evidence: record.code,
  };
}

/** What is told of a model gate where a program has blocked already. */
export function notAsked(gate: string, blocked: readonly string[]): GateJudgement {
  return {
    gate,
    verdict: "inconclusive",
    findings: [
      {
        rule: `${gate}.notAsked`,
        severity: "note",
        message: `The model was not asked, because ${blocked.join(", ")} did not pass.`,
      },
    ],
    subject: "",
    durationMs: 0,
  };
}
