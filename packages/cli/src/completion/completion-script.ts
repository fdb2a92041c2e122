import type { Command, Option } from "commander";

interface Verb {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly Flag[];
  /** Words that its first argument may be: sub-verbs or choices. */
  readonly words: readonly string[];
}

interface Flag {
  readonly long: string;
  readonly summary: string;
  readonly takesValue: boolean;
}

/** A script that completes the program's verbs, sub-verbs and options in a shell: `bash`, `zsh` or `fish`. */
export function completionScript(program: Command, shell: string): string {
  const verbs = program.commands.map(verbOf).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const globals = program.options.flatMap(flagOf);
  const name = program.name();
  if (shell === "fish") return fish(name, verbs, globals);
  if (shell === "zsh") return `#compdef ${name}\n${zsh(name, verbs, globals)}`;
  return bash(name, verbs, globals);
}

function verbOf(command: Command): Verb {
  const [first] = command.registeredArguments;
  return {
    name: command.name(),
    summary: command.summary() === "" ? (command.description().split(/[.;]/)[0] ?? "") : command.summary(),
    options: [...command.options, ...command.commands.flatMap((one) => one.options)].flatMap(flagOf),
    words: [...command.commands.map((one) => one.name()), ...(first?.argChoices ?? [])],
  };
}

function flagOf(option: Option): Flag[] {
  const { long } = option;
  if (long === undefined || long === null) return [];
  return [{ long, summary: option.description, takesValue: option.required || option.optional }];
}

function unique(words: readonly string[]): string {
  return [...new Set(words)].join(" ");
}

function bash(name: string, verbs: readonly Verb[], globals: readonly Flag[]): string {
  const fn = `_${name}_completion`;
  const takers = unique(
    [...globals, ...verbs.flatMap(({ options }) => options)].flatMap(({ long, takesValue }) =>
      takesValue ? [long] : [],
    ),
  );
  const always = globals.map(({ long }) => long);
  const cases = verbs.map(({ name: verb, options, words }) => {
    const flags = unique([...options.map(({ long }) => long), ...always]);
    return `    ${verb}) words="${unique(words)}"; flags="${flags}" ;;`;
  });
  return `${fn}() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" verb="" words="" flags="${unique(always)}" i
  local takers=" ${takers} "
  if [[ "$takers" == *" \${COMP_WORDS[COMP_CWORD-1]} "* ]]; then
    COMPREPLY=( $(compgen -f -- "$cur") )
    return
  fi
  local place=0
  for (( i = 1; i < COMP_CWORD; i++ )); do
    if [[ "$takers" == *" \${COMP_WORDS[i]} "* ]]; then (( i++ )); continue; fi
    [[ "\${COMP_WORDS[i]}" == -* ]] && continue
    if [[ -z "$verb" ]]; then verb="\${COMP_WORDS[i]}"; else (( place++ )); fi
  done
  case "$verb" in
    "") words="${unique(verbs.map((verb) => verb.name))}" ;;
${cases.join("\n")}
  esac
  if [[ "$cur" == -* ]]; then
    COMPREPLY=( $(compgen -W "$flags" -- "$cur") )
  elif [[ -n "$words" && $place -eq 0 ]]; then
    COMPREPLY=( $(compgen -W "$words" -- "$cur") )
  else
    COMPREPLY=( $(compgen -f -- "$cur") )
  fi
}
complete -o filenames -F ${fn} ${name}`;
}

function zsh(name: string, verbs: readonly Verb[], globals: readonly Flag[]): string {
  const flag = ({ long, summary, takesValue }: Flag): string =>
    `'${long}[${zshText(summary)}]${takesValue ? ":value:_files" : ""}'`;
  const described = verbs.map(({ name: verb, summary }) => `    '${verb}:${zshText(summary)}'`);
  const cases = verbs.map(({ name: verb, options, words }) => {
    const rest = words.length === 0 ? "'*:file:_files'" : `'1:word:(${unique(words)})' '*:file:_files'`;
    return `      ${verb}) _arguments ${[...options, ...globals].map(flag).join(" ")} ${rest} ;;`;
  });
  return `_${name}() {
  local state line
  local -a verbs
  verbs=(
${described.join("\n")}
  )
  _arguments -C ${globals.map(flag).join(" ")} '1: :->verb' '*:: :->rest'
  case $state in
    verb) _describe 'verb' verbs ;;
    rest) case $line[1] in
${cases.join("\n")}
      esac ;;
  esac
}
if [[ "$funcstack[1]" == "_${name}" ]]; then _${name} "$@"; else compdef _${name} ${name}; fi`;
}

function fish(name: string, verbs: readonly Verb[], globals: readonly Flag[]): string {
  const flag = (condition: string, { long, summary, takesValue }: Flag): string =>
    `complete -c ${name}${condition} -l ${long.slice(2)} -d ${fishText(summary)}${takesValue ? " -r" : ""}`;
  const lines = globals.map((one) => flag("", one));
  for (const { name: verb, summary, options, words } of verbs) {
    lines.push(`complete -c ${name} -n __fish_use_subcommand -f -a ${verb} -d ${fishText(summary)}`);
    const under = ` -n '__fish_seen_subcommand_from ${verb}'`;
    for (const one of options) lines.push(flag(under, one));
    if (words.length > 0) lines.push(`complete -c ${name}${under} -f -a '${unique(words)}'`);
  }
  return lines.join("\n");
}

function zshText(words: string): string {
  return words.replaceAll(/[\\[\]:]/g, (character) => `\\${character}`).replaceAll("'", "'\\''");
}

function fishText(words: string): string {
  return `'${words.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
