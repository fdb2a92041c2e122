import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline/promises";
import { MnemosyneError, type PlanCheck } from "@mnemosyne/core";
import {
  draftPlan,
  planInputOf,
  tracesOf,
  writeSpec,
  writeTestPlan,
  writeTraceability,
  type DraftPlanOptions,
  type PhaseRecord,
  type ProtocolState,
} from "@mnemosyne/executor";
import { checkPlan, checkPlanText, loadPlan } from "@mnemosyne/plan";
import { gateNames } from "@mnemosyne/reviewer";
import { openShared } from "@mnemosyne/workspace";
import { stringify } from "yaml";
import { openModel } from "../runs/model-source.ts";
import type { Session } from "../session.ts";
import { checkText } from "./plan-text.ts";

/** Flags of `plan new`. */
export interface PlanNewFlags {
  readonly out?: string;
  readonly skip?: string;
  readonly force?: boolean;
  readonly model?: string;
  readonly script?: string;
}

const FILES = ["spec.md", "test-plan.md", "plan.yaml", "traceability.md"] as const;
const FILES_SHOWN = 200;

/** Drafts a plan with a model and writes its files. Exit code 0 when the plan can run. */
export async function newPlan(session: Session, flags: PlanNewFlags, prompt = ""): Promise<number> {
  const { settings, terminal, output } = session;
  const skip = phasesOf(flags.skip);
  const name = nameOf(prompt);
  const out = path.resolve(terminal.cwd, flags.out ?? path.join("plans", name));
  refuseOverwriting(out, flags.force ?? false);
  const source = await openModel(flags, settings, terminal);
  try {
    if (source.model === undefined)
      throw new MnemosyneError("E_UNAVAILABLE", "A plan is drafted by a model, and there is none.", {
        kind: "unavailable",
        retryable: false,
        path: "model",
        hint: "Set ANTHROPIC_API_KEY, give a model in mnemosyne.config, or use --script FILE.",
      });
    if (source.banner !== undefined) output.note(source.banner);
    const place = { name, workspace: path.relative(out, terminal.cwd) || "." };
    const ask = asker(session);
    const { state, phases } = await draftPlan(prompt, {
      model: source.model,
      signal: terminal.signal,
      skip,
      context: await projectText(terminal.cwd),
      ...(ask === undefined ? {} : { ask }),
      checkPlan: (drafted) => faultsOf(drafted, place),
      onPhase: ({ phase, outcome, calls, tokens }) =>
        output.note(`${phase}: ${outcome} (${calls} calls, ${tokens} tokens)`),
    });
    await writeFiles(out, state, phases, place);
    const loaded = await loadPlan(path.join(out, "plan.yaml"));
    const check = checkPlan(loaded.plan, { ...environment(session), hasModel: true });
    const open = (state.documents.spec?.questions ?? []).filter(({ answer }) => answer === undefined);
    output.result(
      { out, files: FILES.map((file) => path.join(out, file)), phases, assumptions: open, plan: check },
      resultText(out, terminal.cwd, check, open),
    );
    return check.valid ? 0 : 2;
  } finally {
    await source.close();
  }
}

const SKIPPABLE = ["spec", "fullSpec", "plan"] as const;

function phasesOf(text: string | undefined): (typeof SKIPPABLE)[number][] {
  return (text ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "")
    .map((name) => {
      const phase = SKIPPABLE.find((known) => known === name);
      if (phase !== undefined) return phase;
      throw new MnemosyneError(
        "E_INPUT",
        `There is no phase '${name}'; ${SKIPPABLE.join(", ")} can be skipped.`,
        {
          kind: "input",
          path: "skip",
        },
      );
    });
}

function nameOf(prompt: string): string {
  const words = prompt.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return words.slice(0, 6).join("-").slice(0, 48) || "plan";
}

function refuseOverwriting(out: string, force: boolean): void {
  const there = force ? undefined : FILES.find((file) => existsSync(path.join(out, file)));
  if (there === undefined) return;
  throw new MnemosyneError("E_INPUT", `${path.join(out, there)} is there already.`, {
    kind: "input",
    path: "out",
    hint: "Name another folder with --out, or overwrite it with --force.",
  });
}

/** Asks a person where one is; without a terminal nobody is asked and the assumptions stand. */
function asker({ terminal, output }: Session): DraftPlanOptions["ask"] {
  if ((terminal.stdin as { readonly isTTY?: boolean }).isTTY !== true || output.json) return undefined;
  return async ({ question, assumption }) => {
    const reader = createInterface({ input: terminal.stdin, output: terminal.stderr });
    try {
      return await reader.question(`${question}\n  (nothing: ${assumption})\n> `, {
        signal: terminal.signal,
      });
    } finally {
      reader.close();
    }
  };
}

async function projectText(folder: string): Promise<string> {
  const workspace = await openShared(folder, { base: "none" });
  const files = await workspace.list("**", { limit: FILES_SHOWN + 1 });
  const manifest = files.includes("package.json")
    ? `package.json:\n${await workspace.readText("package.json")}`
    : "";
  const more = files.length > FILES_SHOWN ? "\n(and more)" : "";
  return `Files:\n${files.slice(0, FILES_SHOWN).join("\n")}${more}\n${manifest.slice(0, 4000)}`;
}

interface Place {
  readonly name: string;
  readonly workspace: string;
}

function environment({ settings }: Session) {
  return {
    agents: ["executor", ...(settings.config.agents ?? []).map(({ name }) => name)],
    gates: [...gateNames, ...(settings.config.gates ?? []).map(({ name }) => name)],
  };
}

function faultsOf(state: ProtocolState, place: Place): readonly string[] {
  const text = JSON.stringify(planInputOf(state.documents, state.prompt, place));
  return checkPlanText(text, { format: "json" })
    .findings.filter(({ severity }) => severity === "error")
    .map(({ path: field, message, fix }) => `${field}: ${message} ${fix ?? ""}`.trim());
}

async function writeFiles(
  out: string,
  { documents, prompt }: ProtocolState,
  phases: readonly PhaseRecord[],
  place: Place,
): Promise<void> {
  const { spec, fullSpec = { parts: [], invariants: [], edgeCases: [], tests: [] } } = documents;
  const title = spec?.title ?? place.name;
  await mkdir(out, { recursive: true });
  const texts: Readonly<Record<(typeof FILES)[number], string>> = {
    "spec.md": spec === undefined ? `# ${title}\n\n${prompt}\n` : writeSpec(spec, fullSpec),
    "test-plan.md": writeTestPlan(title, fullSpec),
    "plan.yaml": stringify(planInputOf(documents, prompt, place), { lineWidth: 110 }),
    "traceability.md": writeTraceability(title, tracesOf(documents), phases),
  };
  for (const file of FILES) await writeFile(path.join(out, file), texts[file]);
}

function resultText(
  out: string,
  cwd: string,
  check: PlanCheck,
  open: readonly { readonly id: string; readonly question: string; readonly assumption: string }[],
): string {
  const folder = path.relative(cwd, out) || ".";
  return [
    ...FILES.map((file) => path.join(folder, file)),
    checkText(check),
    ...open.map(({ id, question, assumption }) => `${id} ${question} Assumed: ${assumption}`),
    `mnemosyne run ${path.join(folder, "plan.yaml")}`,
  ].join("\n");
}
