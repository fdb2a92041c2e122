import { MnemosyneError, type PlanFinding } from "@mnemosyne/core";

const SHOWN = 5;

/** The error of a plan that cannot run: its first faults in the message, all of them in `details`. */
export function invalidPlan(findings: readonly PlanFinding[], source: string): MnemosyneError {
  const faults = findings.filter(({ severity }) => severity === "error");
  const lines = faults.slice(0, SHOWN).map(({ path, message, fix, line, column }) => {
    const place = line === undefined ? path : `${path === "" ? "" : `${path}, `}line ${line}:${column ?? 1}`;
    return `- ${place === "" ? "" : `${place}: `}${message}${fix === undefined ? "" : ` ${fix}`}`;
  });
  if (faults.length > SHOWN) lines.push(`- and ${faults.length - SHOWN} more.`);
  const count = faults.length === 1 ? "one fault" : `${faults.length} faults`;
  const [first] = faults;
  return new MnemosyneError("E_PLAN_INVALID", `The plan '${source}' has ${count}:\n${lines.join("\n")}`, {
    kind: "input",
    ...(first === undefined || first.path === "" ? {} : { path: first.path }),
    hint: "Correct the plan; 'mnemosyne plan check FILE' shows all of its faults.",
    details: findings.map((finding) => ({ ...finding })),
  });
}
