import { MARKER } from "./process-identity.ts";

const PASSED: ReadonlySet<string> = new Set(["PATH", "HOME", "LANG", "TMPDIR"]);

/**
 * The environment of a command: PATH, HOME, LANG, LC_* and TMPDIR of ours, TERM=dumb, and what is given. Nothing else
 * is passed on: keys and tokens stay here.
 */
export function commandEnvironment(
  ours: NodeJS.ProcessEnv,
  given: Readonly<Record<string, string>>,
  marker: string,
): Readonly<Record<string, string>> {
  const environment: Record<string, string> = { PATH: "/usr/local/bin:/usr/bin:/bin" };
  for (const [name, value] of Object.entries(ours)) {
    if (value !== undefined && (PASSED.has(name) || name.startsWith("LC_"))) environment[name] = value;
  }
  return { ...environment, TERM: "dumb", ...given, [MARKER]: marker };
}
