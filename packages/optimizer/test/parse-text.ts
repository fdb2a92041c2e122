/** A block of a context's text, as a strict reader sees it. */
export interface ReadBlock {
  readonly kind: string;
  readonly fence: string;
  readonly attributes: string;
  readonly text: string;
}

/** What stands outside of every block. */
export interface ReadText {
  readonly blocks: readonly ReadBlock[];
  readonly outside: readonly string[];
}

const OPEN = /^<([a-z]+)-([a-z]{8})((?: [A-Za-z0-9-]+="[^"<>]*")*)>$/;

/**
 * Reads a context's text by its grammar and nothing else: a line that opens a block holds everything up to the first
 * line that closes it with the same code. Written apart from the renderer, so that it can catch it.
 */
export function parseText(text: string): ReadText {
  const blocks: ReadBlock[] = [];
  const outside: string[] = [];
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    const [, kind, fence, attributes] = OPEN.exec(line) ?? [];
    if (kind === undefined || fence === undefined) {
      if (line !== "") outside.push(line);
      continue;
    }
    const close = lines.indexOf(`</${kind}-${fence}>`, at + 1);
    if (close === -1) throw new Error(`block ${line} is never closed`);
    blocks.push({ kind, fence, attributes: attributes ?? "", text: lines.slice(at + 1, close).join("\n") });
    at = close;
  }
  return { blocks, outside };
}

/** The value of an attribute, with its escapes undone. */
export function attributeOf(block: ReadBlock, name: string): string | undefined {
  const [, value] = new RegExp(` ${name}="([^"]*)"`).exec(block.attributes) ?? [];
  return value?.replace(/\\u\{([0-9a-f]+)\}/g, (_, code: string) => String.fromCodePoint(parseInt(code, 16)));
}
