/** Names of the tools that every model's work is offered, for checks of a plan's `tools`. */
export const TOOL_NAMES: readonly string[] = [
  "read",
  "write",
  "edit",
  "list",
  "search",
  "run",
  "remember",
  "recall",
  "ask",
  "finish",
  "hand_off",
];
