import type { Finding, GateSubject } from "@mnemosyne/core";

/**
 * The scripts of package.json that a command line runs, in order: `npm test`, `pnpm run unit`, `yarn check`; with the
 * scripts that npm runs before and after them.
 */
export function scriptsOf(command: string): readonly string[] {
  const names = new Set<string>();
  for (const match of command.matchAll(
    /\b(?:npm|pnpm|yarn|bun)\s+(?:(?:-\S+|--\S+)\s+)*(?:(?:run-script|run)\s+)?([\w:.-]+)/g,
  )) {
    const name = match[1] === "t" || match[1] === "tst" ? "test" : match[1];
    if (name !== undefined) for (const script of [`pre${name}`, name, `post${name}`]) names.add(script);
  }
  return [...names];
}

/** What `npm init` writes for lack of tests. */
const NO_TESTS = /no test specified/;

/** A task that rewrites the very command that judges it. */
export async function judgeTestCommand(subject: GateSubject, command: string): Promise<readonly Finding[]> {
  const change = subject.changes.find(({ path }) => path === "package.json");
  if (change === undefined || change.kind === "added") return [];
  const before = scriptsIn(await subject.workspace.readBase("package.json"));
  const after = change.kind === "deleted" ? {} : scriptsIn(await subject.workspace.readBytes("package.json"));
  return scriptsOf(command).flatMap((name) => {
    const was = before[name];
    const is = after[name];
    if (was === is || (was === undefined && !/^(?:pre|post)/.test(name))) return [];
    if (was !== undefined && NO_TESTS.test(was)) return [];
    return {
      rule: "tests.commandChanged",
      severity: "blocker" as const,
      message: `The script '${name}', which judges this work, was changed by it. Put it back, or say in the plan that it may change (allow: [tests.commandChanged]).`,
      file: "package.json",
      evidence: `before: ${was ?? "(none)"}\nafter: ${is ?? "(none)"}`,
    };
  });
}

function scriptsIn(bytes: Uint8Array | undefined): Readonly<Record<string, string>> {
  if (bytes === undefined) return {};
  try {
    const { scripts } = JSON.parse(new TextDecoder().decode(bytes)) as { scripts?: Record<string, string> };
    return typeof scripts === "object" && scripts !== null ? scripts : {};
  } catch {
    // A broken package.json runs no script; the command itself will say so.
    return {};
  }
}
