import type { AgentResult, ErrorCode, Json, ModelUsage } from "@mnemosyne/core";
import type { SDKResultMessage } from "@anthropic-ai/claude-agent-sdk";

/** What a session used in all, over all its models. */
export function usageOf(result: SDKResultMessage): ModelUsage {
  const each = Object.values(result.modelUsage);
  const sum = (pick: (one: (typeof each)[number]) => number): number =>
    each.reduce((total, one) => total + pick(one), 0);
  return {
    inputTokens: sum((one) => one.inputTokens),
    outputTokens: sum((one) => one.outputTokens),
    cacheReadTokens: sum((one) => one.cacheReadInputTokens),
    cacheWriteTokens: sum((one) => one.cacheCreationInputTokens),
    usd: result.total_cost_usd,
  };
}

const CODES: Readonly<Record<string, { readonly code: ErrorCode; readonly retryable: boolean }>> = {
  error_max_turns: { code: "E_TURN_LIMIT", retryable: true },
  error_max_budget_usd: { code: "E_BUDGET", retryable: false },
  error_max_structured_output_retries: { code: "E_MODEL_OUTPUT", retryable: true },
};

/** What a session came to, as an agent's result. */
export function resultOf(result: SDKResultMessage): AgentResult {
  if (result.subtype === "success" && !result.is_error)
    return {
      status: "completed",
      report: result.result,
      ...(result.structured_output === undefined ? {} : { output: result.structured_output as Json }),
    };
  const { code, retryable } = CODES[result.subtype] ?? { code: "E_MODEL", retryable: true };
  const said = result.subtype === "success" ? result.result : result.errors.join("; ");
  return {
    status: "failed",
    retryable,
    error: {
      code,
      kind: code === "E_BUDGET" ? "budget" : "unavailable",
      message: `Claude Code did not finish (${result.subtype})${said === "" ? "." : `: ${said}`}`,
    },
  };
}
