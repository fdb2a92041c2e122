// Everything exported here is public API; whatever is not named here is private.
export {
  startMessagesServer,
  type LoggedRequest,
  type MessagesServer,
  type MessagesServerOptions,
} from "./messages-server/messages-server.ts";
export type { Bill } from "./messages-server/bill.ts";
export { SERVED_MODELS, type ServedModel } from "./messages-server/models.ts";
export {
  defineScript,
  type ReplyFault,
  type Script,
  type ScriptedError,
  type ScriptedStopReason,
  type ScriptedToolUse,
  type ScriptedUsage,
  type ScriptFunction,
  type ScriptMatch,
  type ScriptRequest,
  type ScriptRule,
  type ScriptTurn,
} from "./script/script.ts";
export { loadScript } from "./script/load-script.ts";
export { loopbackOnly } from "./http/loopback-only.ts";
export { redactSecrets, type Redact } from "./tape/redact.ts";
export { VOLATILE, readTape, type TapeEnding, type TapeEntry } from "./tape/tape.ts";
export { startTapeServer, type TapeServer, type TapeServerOptions } from "./tape/tape-server.ts";
export {
  startEffectSink,
  type Effect,
  type EffectSink,
  type EffectSinkOptions,
} from "./effects/effect-sink.ts";
