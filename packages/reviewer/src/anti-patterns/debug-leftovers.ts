import { languageOf } from "../source/language.ts";
import { found, type Rule } from "./rule.ts";

/** Never meant to stay, in any file. */
const BREAKPOINTS =
  /^\s*debugger\s*;?\s*$|\bbreakpoint\s*\(\s*\)|\bpdb\.set_trace\s*\(|\bbinding\.pry\b|\bbyebug\b|\bdbg!\s*\(|\bvar_dump\s*\(|\bconsole\.trace\s*\(/;
/** Printing may be what a program is for: a person should look, it does not block. */
const PRINTS =
  /\bconsole\.(?:log|debug|dir)\s*\(|\bSystem\.out\.print|^\s*print\s*\(|\bfmt\.Print|^\s*println!\s*\(/;

/** Breakpoints and prints in new lines. */
export const debugLeftovers: Rule = (changed) =>
  changed.delta.added.flatMap(({ line }) => {
    const code = changed.code[line - 1] ?? "";
    if (languageOf(changed.delta.path) === undefined) return [];
    if (BREAKPOINTS.test(code))
      return found(
        changed,
        "breakpoint",
        "blocker",
        line,
        "A breakpoint or a dump for debugging was left behind.",
      );
    if (!changed.isTest && PRINTS.test(code))
      return found(
        changed,
        "print",
        "warning",
        line,
        "New code prints. Is it meant to, or left over from debugging?",
      );
    return [];
  });
