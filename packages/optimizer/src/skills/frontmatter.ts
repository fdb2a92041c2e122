import { parse } from "yaml";

/** The head of a SKILL.md and what follows it. */
export interface Frontmatter {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly body: string;
}

const HEAD = /^\uFEFF?---[^\S\n]*\r?\n([\s\S]*?)\r?\n---[^\S\n]*(?:\r?\n|$)/;

/**
 * Splits a SKILL.md. Lenient, as the standard's clients are: a head that is no YAML (most often an unquoted colon in
 * the description) is read line by line. `undefined` without a head.
 */
export function parseFrontmatter(text: string): Frontmatter | undefined {
  const match = HEAD.exec(text);
  if (match?.[1] === undefined) return undefined;
  const body = text.slice(match[0].length);
  try {
    const fields: unknown = parse(match[1], { maxAliasCount: 0 });
    if (typeof fields === "object" && fields !== null && !Array.isArray(fields))
      return { fields: fields as Record<string, unknown>, body };
  } catch {
    // Read line by line below.
  }
  return { fields: readLines(match[1]), body };
}

function readLines(head: string): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const line of head.split(/\r?\n/)) {
    const [, name, value] = /^([A-Za-z][\w-]*):\s*(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) fields[name] = value.replace(/^(["'])(.*)\1$/, "$2");
  }
  return fields;
}
