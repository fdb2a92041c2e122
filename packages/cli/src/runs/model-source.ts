import path from "node:path";
import { createModelCatalog } from "@mnemosyne/anthropic/catalog";
import type { LanguageModel, ModelCatalog } from "@mnemosyne/core";
import type { Settings } from "../settings.ts";
import type { Terminal } from "../terminal.ts";

/** Where a run's model comes from. */
export interface ModelSource {
  readonly model: LanguageModel | undefined;
  readonly catalog: ModelCatalog;
  /** What to say before the first call. */
  readonly banner: string | undefined;
  close(): Promise<void>;
}

/** Flags that choose the model. */
export interface ModelFlags {
  readonly model?: string;
  readonly script?: string;
  readonly record?: string;
}

/**
 * The model of a run: a script served over loopback HTTP, what the config names, or Claude where a key is set; none
 * else. The real SDK makes every call.
 */
export async function openModel(
  flags: ModelFlags,
  settings: Settings,
  terminal: Terminal,
): Promise<ModelSource> {
  const { env, cwd } = terminal;
  const named =
    flags.model ??
    env["MNEMOSYNE_MODEL"] ??
    (typeof settings.config.model === "string" ? settings.config.model : undefined);
  const model = named === undefined ? {} : { model: named };
  const catalog = createModelCatalog();
  if (flags.script !== undefined) {
    const [{ createAnthropicModel, Anthropic }, { loadScript, startMessagesServer }] = await Promise.all([
      loadClaude(),
      import("@mnemosyne/testkit"),
    ]);
    const server = await startMessagesServer(await loadScript(path.resolve(cwd, flags.script)));
    const client = new Anthropic({ baseURL: server.url, apiKey: "scripted" });
    return {
      catalog,
      model: createAnthropicModel({ client, provider: "scripted", ...model }),
      banner: `A script plays the model: ${flags.script}. Everything else is real.`,
      close: () => server.close(),
    };
  }
  if (typeof settings.config.model === "object")
    return { catalog, model: settings.config.model, banner: undefined, close: async () => {} };
  const key = env["ANTHROPIC_API_KEY"];
  if (key === undefined || key === "")
    return { catalog, model: undefined, banner: undefined, close: async () => {} };
  const { createAnthropicModel, Anthropic } = await loadClaude();
  const upstream = env["ANTHROPIC_BASE_URL"];
  if (flags.record !== undefined) {
    const { startTapeServer } = await import("@mnemosyne/testkit");
    const tape = await startTapeServer({
      mode: "record",
      file: path.resolve(cwd, flags.record),
      upstream: upstream ?? "https://api.anthropic.com",
    });
    return {
      catalog,
      model: createAnthropicModel({ client: new Anthropic({ apiKey: key, baseURL: tape.url }), ...model }),
      banner: `Model traffic is recorded in ${flags.record}.`,
      close: () => tape.close(),
    };
  }
  const client = new Anthropic({ apiKey: key, ...(upstream === undefined ? {} : { baseURL: upstream }) });
  return {
    catalog,
    model: createAnthropicModel({ client, ...model }),
    banner: undefined,
    close: async () => {},
  };
}

/** Loaded when a model is asked for: most commands need none. */
async function loadClaude() {
  const [{ Anthropic }, { createAnthropicModel }] = await Promise.all([
    import("@anthropic-ai/sdk"),
    import("@mnemosyne/anthropic"),
  ]);
  return { Anthropic, createAnthropicModel };
}
