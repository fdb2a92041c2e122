/** A model that the server knows. */
export interface ServedModel {
  readonly id: string;
  readonly displayName: string;
  readonly line: string;
  readonly contextTokens: number;
  readonly maxOutputTokens: number;
}

/** The models that a server offers by default. */
export const SERVED_MODELS: readonly ServedModel[] = [
  model("claude-fable-5-1", "Claude Fable 5.1", "fable", 1_000_000, 128_000),
  model("claude-opus-5-5", "Claude Opus 5.5", "opus", 1_000_000, 128_000),
  model("claude-sonnet-5-5", "Claude Sonnet 5.5", "sonnet", 1_000_000, 128_000),
  model("claude-haiku-5-5", "Claude Haiku 5.5", "haiku", 1_000_000, 128_000),
  model("claude-haiku-4-5", "Claude Haiku 4.5", "haiku", 200_000, 64_000),
];

function model(
  id: string,
  displayName: string,
  line: string,
  contextTokens: number,
  maxOutputTokens: number,
): ServedModel {
  return { id, displayName, line, contextTokens, maxOutputTokens };
}

/** A model as the Models API carries it. */
export function modelRecord(served: ServedModel): Readonly<Record<string, unknown>> {
  return {
    type: "model",
    id: served.id,
    display_name: served.displayName,
    line: served.line,
    lifecycle: "active",
    created_at: "2026-01-01T00:00:00Z",
    deprecated_at: null,
    retires_at: null,
    max_input_tokens: served.contextTokens,
    max_tokens: served.maxOutputTokens,
    capabilities: null,
  };
}

/** The model of an id, or of an id with a date behind it. */
export function findModel(models: readonly ServedModel[], id: string): ServedModel | undefined {
  const undated = id.replace(/-\d{8}$/, "");
  return models.find((served) => served.id === id) ?? models.find((served) => served.id === undated);
}
