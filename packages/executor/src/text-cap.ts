/** The last lines of a text within a number of characters, for messages and details. */
export function lastLines(text: string, lines: number, characters: number): string {
  const kept = text.trimEnd().split("\n").slice(-lines).join("\n");
  return kept.length <= characters ? kept : `…${kept.slice(-characters)}`;
}

/** How a command's output ended, for records: totals of test runs and the like stand there. */
export function outputEnds(
  { stdout, stderr }: { readonly stdout: string; readonly stderr: string },
  redact: (text: string) => string,
): string {
  return [lastLines(redact(stdout), 14, 600), lastLines(redact(stderr), 6, 300)]
    .filter((text) => text !== "")
    .join("\n");
}

/** The first characters of a text, saying how many were cut. Never splits a surrogate pair. */
export function firstCharacters(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const end = isHighSurrogate(text.charCodeAt(limit - 1)) ? limit - 1 : limit;
  return `${text.slice(0, end)}… [${text.length - end} more characters]`;
}

/** Both ends of a text, with a line between them that says how much was cut. */
export function bothEnds(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const half = Math.floor(limit / 2);
  const head = isHighSurrogate(text.charCodeAt(half - 1)) ? half - 1 : half;
  const tail = isLowSurrogate(text.charCodeAt(text.length - half)) ? half - 1 : half;
  const cut = text.length - head - tail;
  return `${text.slice(0, head)}\n[… ${cut} characters cut …]\n${text.slice(text.length - tail)}`;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}
