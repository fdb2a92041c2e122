// A chat that remembers. Each conversation is a thread; what fits is recalled into the next one, as data and never as
// instruction. With ANTHROPIC_API_KEY set Claude answers; else a script does, over the same HTTP.
import { createAnthropicModel } from "@mnemosyne/anthropic";
import { TaskId } from "@mnemosyne/core";
import { capture, createMemoriesSource, Optimizer } from "@mnemosyne/optimizer";
import { openStorage } from "@mnemosyne/storage";
import { startMessagesServer } from "@mnemosyne/testkit";
import { script } from "./script.ts";

const namespace = "project:travel";
await using storage = await openStorage(":memory:");
const optimizer = new Optimizer({ sources: [createMemoriesSource(storage)] });

const server = process.env["ANTHROPIC_API_KEY"] === undefined ? await startMessagesServer(script) : undefined;
const model = createAnthropicModel(
  server === undefined ? {} : { baseURL: server.url, apiKey: "none", provider: "scripted" },
);

/** One conversation: what was said in it goes along, what was said in others is looked for. */
async function converse(thread: string, questions: readonly string[]): Promise<void> {
  console.log(`${thread}:`);
  const turns: { readonly role: "user" | "assistant"; readonly content: string }[] = [];
  for (const question of questions) {
    const context = await optimizer.buildContext({
      task: { id: TaskId.parse(thread), instructions: question, reads: [] },
      goal: "",
      constraints: [],
      successCriteria: [],
      namespace,
      budget: 2000,
    });
    const { text } = await model.generate({
      system: `You plan journeys. Answer in one sentence.\n${context.system}`,
      messages: [...turns, { role: "user", content: context.text }],
      maxTokens: 300,
    });
    console.log(`  you: ${question}\n  it:  ${text}`);
    const said = [
      { role: "user" as const, content: question },
      { role: "assistant" as const, content: text },
    ];
    await capture(storage, said, { namespace, thread, from: turns.length });
    turns.push(...said);
  }
}

await converse("monday", ["I cannot eat nuts, remember that.", "Which day suits a trip to Porto?"]);
await converse("friday", ["What should I tell the restaurant in Porto that I cannot eat?"]);
await server?.close();
