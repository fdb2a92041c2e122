const MARKS: Readonly<Record<string, string>> = {
  pending: "○",
  ready: "○",
  running: "▶",
  reviewing: "◆",
  waiting: "?",
  paused: "?",
  completed: "✓",
  failed: "✕",
  blocked: "✕",
  skipped: "–",
  cancelled: "–",
  compensated: "↶",
  rolledBack: "↶",
  pass: "✓",
  fail: "✕",
  error: "!",
  inconclusive: "?",
};

/** The sign of a status: told apart without colour. */
export function markOf(status: string): string {
  return MARKS[status] ?? "•";
}

/** A status as a chip. */
export function Status({ status }: { readonly status: string }) {
  return (
    <span class={`chip is-${status}`}>
      <span aria-hidden="true">{markOf(status)}</span> {status}
    </span>
  );
}
