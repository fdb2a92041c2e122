import { discoverSkills, projectSkillRoots } from "@mnemosyne/optimizer";
import { detectSandbox } from "@mnemosyne/workspace";
import { packageManifest } from "../package-manifest.ts";
import type { Terminal } from "../terminal.ts";
import { note, ok, problem, type Diagnosis } from "./diagnosis.ts";

/** Whether this Node is new enough. */
export function checkNode(version: string): Diagnosis {
  const wanted = packageManifest().engines.node.replace(/^>=/, "");
  return atLeast(version, wanted)
    ? ok("node", `Node ${version}.`)
    : problem(
        "node",
        `Node ${version} is too old: ${wanted} is needed.`,
        `Install Node ${wanted} or newer, e.g. from https://nodejs.org.`,
      );
}

function atLeast(version: string, wanted: string): boolean {
  const [have, need] = [version, wanted].map((one) => one.split(".").map(Number));
  for (const [place, least] of (need ?? []).entries()) {
    const part = have?.[place] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}

/** Whether a key for Claude is there and can be one. It is not sent anywhere. */
export function checkKey(env: Terminal["env"]): Diagnosis {
  const key = env["ANTHROPIC_API_KEY"];
  if (key === undefined || key === "")
    return note(
      "key",
      "ANTHROPIC_API_KEY is not set: memories, commands and gates work; tasks with instructions do not.",
      "export ANTHROPIC_API_KEY=... where plans ask a model to work.",
    );
  if (key !== key.trim() || /[\s"']/.test(key))
    return problem(
      "key",
      "ANTHROPIC_API_KEY holds white space or quotes, so that no call with it can succeed.",
      "Set it again without quotes and line ends.",
    );
  return ok("key", "ANTHROPIC_API_KEY is set (it was not tried).");
}

/** Whether commands can be held in a sandbox. */
export async function checkSandbox(path: string | undefined): Promise<Diagnosis> {
  const sandbox = await detectSandbox(path);
  if (sandbox.level === "bubblewrap")
    return ok("sandbox", `Commands run in bubblewrap (${sandbox.program}).`);
  return note(
    "sandbox",
    `Commands run without a sandbox: ${sandbox.missing.join("; ")}. Tasks with 'sandbox: required' are refused.`,
    process.platform === "linux"
      ? "Install bubblewrap and let it make user namespaces (sysctl kernel.unprivileged_userns_clone=1, or its AppArmor profile)."
      : "Run plans from elsewhere in a container or a virtual machine.",
  );
}

/** Whether every skill of the project can be used. */
export async function checkSkills(root: string): Promise<Diagnosis> {
  const { skills, problems } = await discoverSkills(projectSkillRoots(root));
  if (problems.length === 0) return ok("skills", `${skills.length} skills were found.`);
  const named = problems.map(({ path, reason }) => `${path}: ${reason}`).join("; ");
  return problem(
    "skills",
    `${problems.length} of ${skills.length + problems.length} skills cannot be used: ${named}.`,
    "Give each SKILL.md a front matter with its folder's name as 'name' and a 'description'.",
  );
}
