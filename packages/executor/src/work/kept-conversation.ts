import type { AgentTask, Json, ModelMessage } from "@mnemosyne/core";
import { fenced } from "../fence.ts";

/** One piece of a conversation's state: what came since the piece before. */
interface Piece {
  readonly kind: "conversation";
  readonly version: 1;
  readonly system: string;
  readonly messages: readonly ModelMessage[];
  /** Answers of people, and whether it was handed over, that the conversation has seen. */
  readonly answers: number;
  readonly handedOver: boolean;
}

/** A conversation as it stood when its last turn was complete. */
export interface KeptConversation {
  readonly system: string;
  readonly messages: readonly ModelMessage[];
  readonly answers: number;
  readonly handedOver: boolean;
}

/** Reads a conversation back; undefined where nothing was kept, or another agent kept something of its own. */
export function keptConversation(pieces: readonly Json[]): KeptConversation | undefined {
  const read = pieces as unknown as readonly Partial<Piece>[];
  if (!read.every((piece) => piece?.kind === "conversation" && piece.version === 1)) return undefined;
  const all = read as readonly Piece[];
  const last = all.at(-1);
  if (last === undefined) return undefined;
  return { ...last, messages: all.flatMap(({ messages }) => messages) };
}

/** What to keep after a turn: the messages from `since` on. */
export function pieceOf(
  task: AgentTask,
  system: string,
  messages: readonly ModelMessage[],
  since: number,
): Json {
  const piece: Piece = {
    kind: "conversation",
    version: 1,
    system,
    messages: messages.slice(since),
    answers: task.answers.length,
    handedOver: task.handedOver !== undefined,
  };
  return piece as unknown as Json;
}

/** The kept conversation with what has happened since: answers of people, another agent's work so far. */
export function goOn(kept: KeptConversation, task: AgentTask): readonly ModelMessage[] {
  const news: string[] = [];
  const { handedOver } = task;
  if (handedOver !== undefined && !kept.handedOver)
    news.push(
      `The work so far was that of the agent '${handedOver.from}', who handed it to you. Why:\n${fenced("reason", handedOver.reason)}\nGo on from here.`,
    );
  const answers = task.answers.slice(kept.answers);
  if (answers.length > 0)
    news.push(
      `Answers to your questions:\n${fenced("answers", answers.map(({ question, text }) => `Q: ${question}\nA: ${text}`).join("\n"))}`,
    );
  return news.length === 0
    ? kept.messages
    : [...kept.messages, { role: "user", content: [{ type: "text", text: news.join("\n\n") }] }];
}

/** The input of the last accepted call of a tool in a conversation. */
export function lastAccepted(messages: readonly ModelMessage[], tool: string): Json | undefined {
  const blocks = messages.flatMap(({ content }) => (typeof content === "string" ? [] : content));
  const accepted = new Set(
    blocks.flatMap((block) =>
      block.type === "toolResult" && block.isError !== true ? [block.toolUseId] : [],
    ),
  );
  const call = blocks.findLast(
    (block) => block.type === "toolUse" && block.name === tool && accepted.has(block.id),
  );
  return call?.type === "toolUse" ? call.input : undefined;
}
