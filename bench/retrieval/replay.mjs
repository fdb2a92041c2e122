// Stores a data set session by session through the public calls and asks its questions where they were asked.
import { openStorage } from "@mnemosyne/storage";
import { measure } from "./measures.mjs";

const LIMIT = 20;

/**
 * The measures of every question. `options`: those of `openStorage` beside the url; `plain`: without threads, actors,
 * dates and tags; `shared`: all conversations in one database, each in a namespace of its own; `now`: asked
 * today instead of at the end of the conversation.
 */
export async function replay(conversations, { plain = false, shared = false, now = false, ...options } = {}) {
  const results = [];
  let storage = shared ? await openStorage({ url: ":memory:", ...options }) : undefined;
  let stored = 0;
  let spent = 0;
  let asked = 0;
  const each = async (conversation) => {
    storage = shared ? storage : await openStorage({ url: ":memory:", ...options });
    const namespace = `project:${conversation.name}`;
    const keys = new Map();
    let next = 0;
    for (const question of conversation.questions.toSorted((a, b) => a.session - b.session)) {
      const due = [];
      while (conversation.memories[next]?.session < question.session) due.push(conversation.memories[next++]);
      const inputs = due.map(({ input }) => ({
        ...(plain ? { content: `${input.actor}: ${input.content}` } : input),
        namespace,
      }));
      (await storage.storeMany(inputs)).forEach((id, index) => keys.set(id, due[index].key));
      stored += due.length;
      const began = performance.now();
      const hits = await storage.search(question.text, {
        namespace,
        limit: LIMIT,
        // Without dates everything was stored today.
        ...(now || plain ? {} : { asOf: question.asOf }),
      });
      spent += performance.now() - began;
      asked++;
      const ranking = hits.map(({ id }) => keys.get(id));
      results.push({
        of: conversation.name,
        category: question.category,
        ...measure(ranking, question.evidence),
      });
    }
    if (!shared) await storage.close();
  };
  for (const conversation of conversations) await each(conversation);
  if (shared) await storage.close();
  return { results, stored, millisecondsPerSearch: spent / asked };
}
