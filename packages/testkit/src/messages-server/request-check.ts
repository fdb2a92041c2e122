import { badRequest, type ApiError } from "./api-error.ts";
import { checkConversation } from "./conversation-check.ts";
import { findModel, type ServedModel } from "./models.ts";
import { promptTokens } from "./token-count.ts";
import { blocksOf, type WireBlock, type WireMessage, type WireRequest, type WireTool } from "./wire.ts";

const KNOWN = new Set([
  "model",
  "max_tokens",
  "messages",
  "system",
  "tools",
  "tool_choice",
  "thinking",
  "stop_sequences",
  "stream",
  "cache_control",
  "container",
  "diagnostics",
  "output_config",
  "service_tier",
  "speed",
  "metadata",
  "inference_geo",
]);
const COUNTED = new Set(
  [...KNOWN].filter((key) => !["max_tokens", "stream", "stop_sequences"].includes(key)),
);
const EFFORTS = ["low", "medium", "high", "xhigh", "max"];

/** The first rule of the API that a body breaks, or `undefined`. */
export function checkRequest(
  body: unknown,
  models: readonly ServedModel[],
  purpose: "create" | "count",
  isPaused: (content: WireMessage["content"]) => boolean,
): ApiError | undefined {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    return badRequest("Input should be a valid dictionary");
  const request = body as WireRequest;
  const known = purpose === "create" ? KNOWN : COUNTED;
  for (const key of Object.keys(request))
    if (!known.has(key)) return badRequest(`${key}: Extra inputs are not permitted`);
  if (typeof request.model !== "string" || request.model === "") return badRequest("model: Field required");
  const model = findModel(models, request.model);
  if (model === undefined)
    return { status: 404, type: "not_found_error", message: `model: ${request.model}` };
  return (
    (purpose === "create" ? checkMaxTokens(request, model) : undefined) ??
    checkSystem(request.system) ??
    checkTools(request.tools) ??
    checkConversation(request.messages, isPaused) ??
    checkOutput(request.output_config) ??
    checkBreakpoints(request) ??
    checkLength(request, model)
  );
}

function checkMaxTokens({ max_tokens: wanted }: WireRequest, model: ServedModel): ApiError | undefined {
  if (wanted === undefined) return badRequest("max_tokens: Field required");
  if (!Number.isInteger(wanted)) return badRequest("max_tokens: Input should be a valid integer");
  if (wanted < 0) return badRequest("max_tokens: Input should be greater than or equal to 0");
  if (wanted > model.maxOutputTokens)
    return badRequest(
      `max_tokens: ${wanted} > ${model.maxOutputTokens}, which is the maximum allowed number of output tokens for ${model.id}`,
    );
  return undefined;
}

function checkSystem(system: WireRequest["system"]): ApiError | undefined {
  if (system === undefined || typeof system === "string") return undefined;
  if (!Array.isArray(system)) return badRequest("system: Input should be a valid list");
  for (const [index, block] of system.entries())
    if (block.type !== "text" || typeof block.text !== "string" || block.text === "")
      return badRequest(`system.${index}: text content blocks must be non-empty`);
  return undefined;
}

function checkTools(tools: readonly WireTool[] | undefined): ApiError | undefined {
  if (tools === undefined) return undefined;
  if (!Array.isArray(tools)) return badRequest("tools: Input should be a valid list");
  const names = new Set<string>();
  for (const [index, tool] of (tools as readonly WireTool[]).entries()) {
    if (typeof tool.name !== "string") return badRequest(`tools.${index}.name: Field required`);
    if (!/^[a-zA-Z0-9_-]{1,128}$/.test(tool.name))
      return badRequest(`tools.${index}.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`);
    if (names.has(tool.name)) return badRequest("tools: Tool names must be unique.");
    names.add(tool.name);
    if (tool.input_schema === undefined) return badRequest(`tools.${index}.input_schema: Field required`);
    if (tool.input_schema["type"] !== "object")
      return badRequest(`tools.${index}.input_schema.type: Input should be 'object'`);
  }
  return undefined;
}

function checkOutput(output: WireRequest["output_config"]): ApiError | undefined {
  if (output === undefined || output === null) return undefined;
  const effort = output["effort"];
  if (effort !== undefined && effort !== null && !EFFORTS.includes(effort as string))
    return badRequest(
      `output_config.effort: Input should be ${EFFORTS.map((name) => `'${name}'`).join(", ")}`,
    );
  const format = output.format as { readonly type?: unknown; readonly schema?: unknown } | null | undefined;
  if (format === undefined || format === null) return undefined;
  if (format.type !== "json_schema")
    return badRequest("output_config.format.type: Input should be 'json_schema'");
  if (typeof format.schema !== "object" || format.schema === null)
    return badRequest("output_config.format.schema: Field required");
  return checkSchema(format.schema, "output_config.format.schema");
}

function checkSchema(schema: object, path: string): ApiError | undefined {
  const node = schema as Readonly<Record<string, unknown>>;
  if (node["type"] === "object" && node["additionalProperties"] !== false)
    return badRequest(`${path}: For 'object' type, 'additionalProperties' must be explicitly set to false`);
  for (const [key, value] of Object.entries(node)) {
    if (typeof value !== "object" || value === null || key === "enum" || key === "required") continue;
    const found = checkSchema(value, path);
    if (found !== undefined) return found;
  }
  return undefined;
}

function checkBreakpoints(request: WireRequest): ApiError | undefined {
  const blocks: readonly WireBlock[] = [
    ...blocksOf(request.system),
    ...request.messages.flatMap((message) => blocksOf(message.content)),
  ];
  for (const block of blocks)
    if (marked(block) && block.type === "text" && block.text === "")
      return badRequest("cache_control cannot be set for empty text blocks");
  const count = (request.tools ?? []).filter(marked).length + blocks.filter(marked).length;
  return count > 4
    ? badRequest(`A maximum of 4 blocks with cache_control may be provided. Found ${count}.`)
    : undefined;
}

function marked(item: { readonly cache_control?: unknown }): boolean {
  return item.cache_control !== undefined && item.cache_control !== null;
}

function checkLength(request: WireRequest, model: ServedModel): ApiError | undefined {
  const tokens = promptTokens(request);
  return tokens > model.contextTokens
    ? badRequest(`prompt is too long: ${tokens} tokens > ${model.contextTokens} maximum`)
    : undefined;
}
