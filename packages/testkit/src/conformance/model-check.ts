import type { LanguageModel, ModelRequest } from "@mnemosyne/core";
import type { Script } from "../script/script.ts";

/** A check of a model with the script that it is played by. */
export interface ModelCheck {
  readonly turns: Script["turns"];
  readonly check: (model: LanguageModel) => Promise<void>;
}

/** A request of one user message. */
export function say(content: string, more: Partial<ModelRequest> = {}): ModelRequest {
  return { messages: [{ role: "user", content }], ...more };
}
