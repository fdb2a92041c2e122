import type { CommandRule } from "./command-rules.ts";
import { refused } from "./tool-fault.ts";

/**
 * Checks a program and its arguments against the rules, and gives the arguments that may be paths, which have to stay in the
 * workspace. Throws `E_NOT_ALLOWED` with what is allowed instead.
 */
export function checkCommand(
  rules: readonly CommandRule[],
  program: string,
  args: readonly string[],
): readonly string[] {
  const rule = rules.find((candidate) => candidate.program === program);
  if (rule === undefined)
    throw refused(
      `'${program}' is not a program that can be run here. Allowed: ${rules.map(usageOf).join("; ")}. There is no shell: give one program and its arguments.`,
    );
  if ([program, ...args].some((arg) => arg.includes("\0")))
    throw refused("An argument contains a NUL character.");
  const words: string[] = [];
  const paths: string[] = [];
  let optionsEnded = false;
  for (const arg of args) {
    if (words.length >= (rule.own ?? Infinity)) {
      paths.push(...possiblePaths(arg));
    } else if (arg === "--" && !optionsEnded) {
      optionsEnded = true;
    } else if (isOption(rule, arg) && !optionsEnded) {
      checkOption(rule, arg);
      paths.push(...possiblePaths(arg));
    } else {
      if (!(rule.pattern === true && words.length === 0)) paths.push(...possiblePaths(arg));
      words.push(arg);
    }
  }
  if (rule.forms !== undefined && !rule.forms.some((form) => fits(form, words)))
    throw refused(`'${[program, ...args].join(" ")}' is not allowed. Allowed: ${usageOf(rule)}.`);
  return paths;
}

/** A lone `-` means standard input to most programs, which is empty; to an interpreter it means code. */
function isOption(rule: CommandRule, arg: string): boolean {
  return arg.startsWith("-") && (arg !== "-" || rule.options !== undefined);
}

function usageOf(rule: CommandRule): string {
  return rule.usage ?? rule.program;
}

function fits(form: readonly string[], words: readonly string[]): boolean {
  return words.length >= form.length && form.every((word, index) => word === "*" || word === words[index]);
}

function checkOption(rule: CommandRule, arg: string): void {
  const equals = arg.indexOf("=");
  const name = equals === -1 ? arg : arg.slice(0, equals);
  if (rule.options !== undefined) {
    if (rule.options.includes(equals === -1 ? name : `${name}=`)) return;
    const attached = rule.options.includes(`${name}=`) ? ` Write it as ${name}=VALUE.` : "";
    throw refused(
      `${rule.program} may not be given '${name}'.${attached} Allowed options: ${rule.options.join(" ") || "none"}.`,
    );
  }
  const hit = rule.refusedOptions?.find((option) => means(arg, name, option));
  if (hit !== undefined) throw refused(`${rule.program} may not be given '${hit}' (in '${arg}').`);
}

/** Whether an argument is, abbreviates or bundles a refused option. */
function means(arg: string, name: string, option: string): boolean {
  if (name === option) return true;
  if (option.startsWith("--")) return name.startsWith("--") && name.length > 2 && option.startsWith(name);
  return !arg.startsWith("--") && option.length === 2 && arg.includes(option.charAt(1), 1);
}

/** An argument itself, or the value that is attached to an option. */
function possiblePaths(arg: string): readonly string[] {
  if (!arg.startsWith("-")) return [arg];
  const equals = arg.indexOf("=");
  if (equals !== -1) return [arg.slice(equals + 1)];
  const attached = /^-[A-Za-z](.*[/\\.].*)$/.exec(arg)?.[1];
  return attached === undefined ? [] : [attached];
}
