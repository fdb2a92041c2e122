import type { Script } from "@mnemosyne/testkit";

/** Plays the model. It knows of nuts only what the request says of them. */
export const script: Script = {
  name: "chat",
  turns: [
    {
      when: { lastText: "What should I tell the restaurant" },
      reply: ({ text }) => ({
        text: /cannot eat nuts/.test(text) ? "Tell them: no nuts." : "I do not know what you cannot eat.",
      }),
    },
    { when: { lastText: "Which day" }, reply: () => ({ text: "Wednesday: the trains are empty." }) },
    { reply: () => ({ text: "Noted." }) },
  ],
};
