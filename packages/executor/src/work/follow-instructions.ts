import {
  isMnemosyneError,
  MnemosyneError,
  type AgentContext,
  type AgentResult,
  type AgentTask,
  type LanguageModel,
  type ModelMessage,
  type StopReason,
  type Tool,
  type ToolContext,
  type ToolLoopResult,
} from "@mnemosyne/core";
import type { ClauseFinding } from "../clauses/assess-instructions.ts";
import { challengeInstructions } from "../clauses/challenge.ts";
import { failedWith, failureOf } from "../failure.ts";
import { hidingValues, journalled, type Redactor } from "../secrets.ts";
import type { ExecutorSettings } from "../settings.ts";
import { limitTime, timeAllowed, untilAborted } from "../time-limit.ts";
import { askTool } from "../tools/ask-tool.ts";
import { createMemoryTools } from "../tools/memory-tools.ts";
import { createWorkspaceTools } from "../tools/workspace-tools.ts";
import { createFinish, type FinishLine } from "./finish.ts";
import { openingOf } from "./first-message.ts";
import { createHandOff, type HandOff } from "./hand-off.ts";
import { goOn, keptConversation, lastAccepted, pieceOf, type KeptConversation } from "./kept-conversation.ts";
import { allowedEnvironment } from "./run-line.ts";

/** Lets a model work on the task with tools until it ends. */
export async function followInstructions(
  task: AgentTask,
  context: AgentContext,
  settings: ExecutorSettings,
): Promise<AgentResult> {
  const chosen = chooseModel(task, context, settings);
  if (chosen === undefined) return failedWith(noModel(task), false);
  const environment = allowedEnvironment(task.definition.env, settings.environment);
  const redact = hidingValues(environment, settings.redact);
  const finish =
    task.definition.output === undefined ? undefined : createFinish(task.definition.output, redact);
  const offered = offeredTools(task, context, settings, environment, redact);
  if (isMnemosyneError(offered)) return failedWith(offered, false);
  const named = task.definition.tools;
  const handOff =
    named === undefined || named.includes("hand_off") ? createHandOff(context, redact) : undefined;
  const tools = [offered, finish?.tool ?? [], handOff?.tool ?? []].flat();
  const limit = limitTime(
    context.signal,
    timeAllowed(task.definition.timeout, context.timeLeft),
    `Task '${task.definition.id}'`,
  );
  try {
    await settleVagueness(task, context, settings, chosen, limit.signal);
    const conversation = { chosen, tools, finish, handOff, redact, signal: limit.signal };
    return await converse(task, context, settings, conversation);
  } catch (error) {
    if (limit.passed()) return failedWith(limit.error(), true);
    return failureOf(error, context.signal, "The model's work failed");
  } finally {
    limit.stop();
  }
}

interface Chosen {
  readonly model: LanguageModel;
  /** Another model of the same provider. */
  readonly name: string | undefined;
}

interface Conversation {
  readonly chosen: Chosen;
  readonly tools: readonly Tool[];
  readonly finish: FinishLine | undefined;
  readonly handOff: HandOff | undefined;
  readonly redact: Redactor;
  readonly signal: AbortSignal;
}

function chooseModel(task: AgentTask, context: AgentContext, settings: ExecutorSettings): Chosen | undefined {
  const stronger = task.escalation === "none" ? undefined : settings.strongerModel;
  if (typeof stronger === "object") return { model: stronger, name: undefined };
  const model = context.model ?? settings.model;
  return model === undefined ? undefined : { model, name: stronger ?? task.definition.model };
}

/** Asks once about all that cannot be judged; whatever the answer, it is part of the task from then on. */
async function settleVagueness(
  { definition, answers }: AgentTask,
  context: AgentContext,
  { challenge }: ExecutorSettings,
  { model }: Chosen,
  signal: AbortSignal,
): Promise<void> {
  const { work } = definition;
  const settled = answers.some(({ question }) => question.startsWith(CHALLENGE));
  if (challenge === "never" || work.kind !== "instructions" || settled) return;
  const findings = await challengeInstructions(work.instructions, {
    ...(challenge === "model" ? { model } : {}),
    signal,
    observer: context.observer,
  });
  if (findings.length > 0) context.ask(challengeText(findings));
}

const CHALLENGE = "Before work begins:";

function challengeText(findings: readonly ClauseFinding[]): string {
  const parts = findings.map(
    ({ clause, reason, question, criterion }, at) =>
      `${at + 1}. "${clause}": ${reason} ${question} (for example: ${criterion})`,
  );
  return [CHALLENGE, ...parts].join("\n");
}

function noModel(task: AgentTask): MnemosyneError {
  return new MnemosyneError(
    "E_UNAVAILABLE",
    `Task '${task.definition.id}' needs a language model, and there is none.`,
    {
      kind: "unavailable",
      retryable: false,
      hint: "Give the engine a model, for example @mnemosyne/anthropic with ANTHROPIC_API_KEY set.",
    },
  );
}

function offeredTools(
  task: AgentTask,
  context: AgentContext,
  settings: ExecutorSettings,
  environment: Readonly<Record<string, string>>,
  redact: Redactor,
): readonly Tool[] | MnemosyneError {
  const { tools: named } = task.definition;
  const own = [
    ...createWorkspaceTools({
      workspace: context.workspace,
      commands: context.commands,
      allow: settings.allow,
      environment,
      sandbox: settings.commandSandbox,
      commandTimeout: settings.commandTimeout,
      outputLimit: settings.outputLimit,
      redact,
    }),
    ...createMemoryTools(context.memory, redact),
    askTool((question) => context.ask(question), redact),
  ];
  // A tool that the project registers under one of our names is meant to replace ours.
  const given = new Set(context.tools.map((tool) => tool.name));
  const all = [...own.filter((tool) => !given.has(tool.name)), ...context.tools];
  if (named === undefined) return all;
  const unknown = named.filter((name) => !all.some((tool) => tool.name === name));
  if (unknown.length === 0) return all.filter((tool) => named.includes(tool.name));
  return new MnemosyneError(
    "E_INPUT",
    `Task '${task.definition.id}' names tools that do not exist: ${unknown.join(", ")}. There are: ${all.map((tool) => tool.name).join(", ")}.`,
    { kind: "input", path: "tools" },
  );
}

async function converse(
  task: AgentTask,
  context: AgentContext,
  settings: ExecutorSettings,
  { chosen, tools, finish, handOff, redact, signal }: Conversation,
): Promise<AgentResult> {
  const { checkpoint } = context;
  const kept = keptConversation(checkpoint?.restored ?? []);
  const { system, messages } =
    kept === undefined ? openingOf(task, context) : { system: kept.system, messages: goOn(kept, task) };
  let saved = kept?.messages.length ?? 0;
  const save = async (all: readonly ModelMessage[]): Promise<void> => {
    if (checkpoint === undefined) return;
    await checkpoint.save(pieceOf(task, system, all, saved), saved === 0 ? { reset: true } : {});
    saved = all.length;
  };
  const loop = (history: readonly ModelMessage[]): Promise<ToolLoopResult> =>
    untilAborted(
      chosen.model.runTools(
        {
          system,
          messages: history,
          tools,
          maxTokens: settings.maxTokens,
          maxTurns: Math.max(1, settings.maxTurns - turnsOf(history)),
          ...(chosen.name === undefined ? {} : { model: chosen.name }),
        },
        {
          signal,
          observer: context.observer,
          toolContext: {
            signal,
            idempotencyKey: context.idempotencyKey,
            onUse: (use) => {
              context.heartbeat();
              if (use.tool === finish?.tool.name && !use.ok) finish.refused(use.summary);
              context.emit({
                type: "tool.used",
                task: task.definition.id,
                attempt: task.attempt,
                ...use,
                input: journalled(use.input, redact),
              });
            },
          },
          onTurn: () => context.heartbeat(),
          afterTools: save,
        },
      ),
      signal,
    );
  await callAgain(kept, [finish?.tool, handOff?.tool], { signal, idempotencyKey: context.idempotencyKey });
  const handed = async (): Promise<AgentResult | undefined> => {
    const { to, reason } = handOff?.wanted() ?? {};
    return to === undefined || reason === undefined ? undefined : await context.handOff?.(to, reason);
  };
  if (finish === undefined) {
    const { response } = await loop(messages);
    return (await handed()) ?? unfinished(response.stopReason) ?? reported(response.text);
  }
  try {
    const first = await loop(messages);
    const other = await handed();
    if (other !== undefined) return other;
    const stopped = finish.result() === undefined ? unfinished(first.response.stopReason) : undefined;
    if (stopped !== undefined) return stopped;
    // One repair: the model ended without handing in, or what it handed in did not fit.
    if (finish.result() === undefined)
      await loop([...first.messages, { role: "user", content: reminder(finish) }]);
  } catch (error) {
    // Running out of turns after the work was handed in loses nothing.
    if (!(isMnemosyneError(error) && error.code === "E_TURN_LIMIT" && finish.result() !== undefined))
      throw error;
  }
  const result = finish.result();
  return result === undefined
    ? failedWith(noOutput(finish), true)
    : { status: "completed", output: result.output, report: result.report };
}

/** What a kept conversation has handed in already stands; these tools change nothing but what is kept here. */
async function callAgain(
  kept: KeptConversation | undefined,
  tools: readonly (Tool | undefined)[],
  context: ToolContext,
): Promise<void> {
  for (const tool of tools) {
    const input = tool === undefined ? undefined : lastAccepted(kept?.messages ?? [], tool.name);
    if (tool !== undefined && input !== undefined) await tool.execute(input, context);
  }
}

function turnsOf(history: readonly ModelMessage[]): number {
  return history.filter(({ role }) => role === "assistant").length;
}

function reminder(finish: FinishLine): string {
  const fault = finish.fault();
  const why = fault === undefined ? "" : ` The last call of finish was refused: ${fault}`;
  return `The work was not handed in.${why} Call the tool finish now, with your report and an output that fits its schema.`;
}

function noOutput(finish: FinishLine): MnemosyneError {
  const fault = finish.fault();
  return new MnemosyneError(
    "E_MODEL_OUTPUT",
    fault === undefined
      ? "The model ended twice without handing in the output that the task asks for."
      : `The model handed in no output that fits the task's schema, also when it was asked again. ${fault}`,
    { kind: "conflict", retryable: true, path: "output" },
  );
}

function reported(text: string): AgentResult {
  const report = text.trim();
  return report === "" ? { status: "completed" } : { status: "completed", report };
}

/** The failure of a conversation that stopped before its end; `undefined` for one that ended. */
function unfinished(stopReason: StopReason): AgentResult | undefined {
  if (stopReason === "end" || stopReason === "stopSequence") return undefined;
  if (stopReason === "refusal")
    return failedWith(
      new MnemosyneError(
        "E_MODEL_REFUSED",
        "The model declined to do this task; say it differently, or take another model.",
        { kind: "conflict" },
      ),
      false,
    );
  if (stopReason === "contextOverflow")
    return failedWith(
      new MnemosyneError(
        "E_CONTEXT_OVERFLOW",
        "The conversation outgrew the model's window; split the task, or name the files that it needs in 'reads'.",
        { kind: "conflict" },
      ),
      true,
    );
  return failedWith(
    new MnemosyneError(
      "E_MODEL_OUTPUT",
      `The model stopped in the middle of its answer (${stopReason}); allow longer answers with maxTokens, or split the task.`,
      { kind: "conflict" },
    ),
    true,
  );
}
