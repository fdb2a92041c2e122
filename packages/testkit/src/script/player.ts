import type { ScriptMatch, ScriptRequest, Script, ScriptTurn } from "./script.ts";

/** Plays a script: keeps count of how often each rule has answered. */
export interface ScriptPlayer {
  /** The reply, or `undefined` when no rule matches. */
  next(request: ScriptRequest): Promise<ScriptTurn | undefined>;
}

/** A player at the beginning of a script. */
export function playScript(script: Script): ScriptPlayer {
  const used = new Map<number, number>();
  return {
    async next(request) {
      for (const [index, rule] of script.turns.entries()) {
        if (typeof rule === "function") {
          const turn = await rule(request, request.number);
          if (turn !== undefined) return turn;
          continue;
        }
        const count = used.get(index) ?? 0;
        if (rule.times !== undefined && count >= rule.times) continue;
        if (!matches(rule.when, request)) continue;
        used.set(index, count + 1);
        return rule.reply === undefined ? rule : { ...rule, ...(await rule.reply(request)) };
      }
      return undefined;
    },
  };
}

function matches(
  when: ScriptMatch | ((request: ScriptRequest) => boolean) | undefined,
  request: ScriptRequest,
): boolean {
  if (when === undefined) return true;
  if (typeof when === "function") return when(request);
  const last = request.toolResults.at(-1);
  return (
    contains(request.text, when.text) &&
    list(when.notText).every((part) => !request.text.includes(part)) &&
    contains(request.lastText, when.lastText) &&
    contains(request.system, when.system) &&
    equal(when.task, request.task) &&
    within(when.attempt, request.attempt) &&
    equal(when.turn, request.turn) &&
    equal(when.toolResults, request.toolResults.length) &&
    equal(when.lastTool, last?.name) &&
    equal(when.lastToolFailed, last?.isError) &&
    equal(when.model, request.model) &&
    (when.tools ?? []).every((name) => request.tools.includes(name)) &&
    equal(when.schema, request.schema !== undefined)
  );
}

function list(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === "string" ? [value] : value;
}

function contains(text: string, parts: string | readonly string[] | undefined): boolean {
  return list(parts).every((part) => text.includes(part));
}

function equal<Value>(wanted: Value | undefined, actual: Value | undefined): boolean {
  return wanted === undefined || wanted === actual;
}

function within(wanted: ScriptMatch["attempt"], actual: number | undefined): boolean {
  if (wanted === undefined) return true;
  if (actual === undefined) return false;
  if (typeof wanted === "number") return wanted === actual;
  return actual >= (wanted.min ?? -Infinity) && actual <= (wanted.max ?? Infinity);
}
