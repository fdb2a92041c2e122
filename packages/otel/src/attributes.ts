// Names of the GenAI conventions that are used here. They are still in development, so they stand here and are not taken
// from a package: what is emitted changes only when this file does.
export const OPERATION = "gen_ai.operation.name";
export const AGENT_NAME = "gen_ai.agent.name";
export const WORKFLOW_NAME = "gen_ai.workflow.name";
export const CONVERSATION_ID = "gen_ai.conversation.id";
export const TOOL_NAME = "gen_ai.tool.name";
export const TOOL_ARGUMENTS = "gen_ai.tool.call.arguments";
export const TOOL_RESULT = "gen_ai.tool.call.result";
export const MEMORY_STORE = "gen_ai.memory.store.id";
export const MEMORY_RECORD = "gen_ai.memory.record.id";
export const MEMORY_COUNT = "gen_ai.memory.record.count";
export const MEMORY_QUERY = "gen_ai.memory.query.text";
export const MEMORY_RECORDS = "gen_ai.memory.records";
export const INPUT_TOKENS = "gen_ai.usage.input_tokens";
export const OUTPUT_TOKENS = "gen_ai.usage.output_tokens";
export const CACHE_READ_TOKENS = "gen_ai.usage.cache_read.input_tokens";
export const CACHE_WRITE_TOKENS = "gen_ai.usage.cache_creation.input_tokens";
export const EVALUATION_EVENT = "gen_ai.evaluation.result";
export const EVALUATION_NAME = "gen_ai.evaluation.name";
export const EVALUATION_LABEL = "gen_ai.evaluation.score.label";
export const EVALUATION_SCORE = "gen_ai.evaluation.score.value";
export const EVALUATION_EXPLANATION = "gen_ai.evaluation.explanation";
export const ERROR_TYPE = "error.type";
export const RUN = "mnemosyne.run.id";
export const TASK = "mnemosyne.task.id";
export const ATTEMPT = "mnemosyne.task.attempt";
export const STATUS = "mnemosyne.status";
