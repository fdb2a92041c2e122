import type { PlainCall } from "../commands/plain-verb.ts";
import { settingsFor, type Settings } from "../settings.ts";
import { checkDatabase } from "./database.ts";
import { messageOf, ok, problem, type Diagnosis } from "./diagnosis.ts";
import { checkGit } from "./git.ts";
import { checkKey, checkNode, checkSandbox, checkSkills } from "./surroundings.ts";

const MARKS = { ok: "ok     ", note: "note   ", problem: "PROBLEM" } as const;

/** Looks for what is wrong, and says what puts it right. 1 when something is broken. */
export async function doctor({ terminal, output, flags }: PlainCall): Promise<number> {
  const { settings, diagnosis } = await readSettings(flags, terminal);
  const found: readonly Diagnosis[] = [
    checkNode(process.versions.node),
    diagnosis,
    ...(await checkDatabase(settings)),
    checkKey(terminal.env),
    await checkSandbox(terminal.env["PATH"]),
    await checkSkills(settings.root),
    ...(await checkGit(settings.root, terminal.env)),
  ];
  const healthy = found.every(({ status }) => status !== "problem");
  const lines = found.map(({ check, status, message, fix }) =>
    [
      `${MARKS[status]} ${check.padEnd(9)} ${message}`,
      ...(fix === undefined ? [] : [`        -> ${fix}`]),
    ].join("\n"),
  );
  output.result({ ok: healthy, checks: found }, lines.join("\n"));
  return healthy ? 0 : 1;
}

/** The settings; where the config cannot be used, those without it. */
async function readSettings(
  flags: PlainCall["flags"],
  terminal: PlainCall["terminal"],
): Promise<{ readonly settings: Settings; readonly diagnosis: Diagnosis }> {
  try {
    const settings = await settingsFor(flags, terminal);
    return { settings, diagnosis: ok("config", `Memories belong to ${settings.namespace}.`) };
  } catch (error) {
    const fix = "Correct it; 'mnemosyne init' in an empty folder shows one that works.";
    return {
      settings: await settingsFor(flags, terminal, {}),
      diagnosis: problem("config", messageOf(error), fix),
    };
  }
}
