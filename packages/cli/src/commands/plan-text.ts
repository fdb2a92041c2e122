import type { PlanCheck, PlanFinding } from "@mnemosyne/core";

/** A plan's check for people. */
export function checkText({ valid, order, criticalPath, findings }: PlanCheck): string {
  return [
    valid ? "The plan is sound." : "The plan cannot run.",
    ...(order.length === 0 ? [] : [`order: ${order.join(", ")}`]),
    ...(criticalPath.length === 0 ? [] : [`critical path: ${criticalPath.join(" > ")}`]),
    ...findings.map((finding) => findingText(finding)),
  ].join("\n");
}

function findingText({ severity, path, message, fix }: PlanFinding): string {
  return `${severity === "error" ? "error" : "note"}  ${path}: ${message}${fix === undefined ? "" : `\n       ${fix}`}`;
}
