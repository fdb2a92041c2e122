import type { Json } from "@mnemosyne/core";
import type { ScriptRequest } from "../script/script.ts";
import { blocksOf, textOf, type WireBlock, type WireRequest } from "./wire.ts";

/** What a script sees of a checked request. */
export function scriptRequest(body: WireRequest, number: number): ScriptRequest {
  const uses = new Map<string, WireBlock>();
  const toolResults: { name: string; input: Json; content: string; isError: boolean }[] = [];
  for (const message of body.messages)
    for (const block of blocksOf(message.content)) {
      if (block.type === "tool_use" && block.id !== undefined) uses.set(block.id, block);
      if (block.type !== "tool_result") continue;
      const use = uses.get(block.tool_use_id ?? "");
      toolResults.push({
        name: use?.name ?? "",
        input: use?.input ?? null,
        content: textOf(block),
        isError: block.is_error === true,
      });
    }
  const texts = body.messages.map((message) => blocksOf(message.content).map(textOf).join("\n"));
  const text = texts.join("\n");
  const attempt = marker(text, "Attempt");
  return {
    number,
    model: body.model,
    system: blocksOf(body.system).map(textOf).join("\n"),
    text,
    lastText: texts.at(-1) ?? "",
    turn: body.messages.filter((message) => message.role === "assistant").length,
    toolResults,
    tools: (body.tools ?? []).map((tool) => tool.name),
    task: marker(text, "Task"),
    attempt: attempt === undefined ? undefined : Number.parseInt(attempt, 10),
    stream: body.stream === true,
    schema: body.output_config?.format?.schema,
    body,
  };
}

function marker(text: string, name: string): string | undefined {
  return new RegExp(`^${name}: (\\S+)`, "m").exec(text)?.[1];
}
