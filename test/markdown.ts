import { filesIn, readText } from "./repository.ts";

/** A link of a page, outside of code. */
export interface Link {
  readonly text: string;
  readonly target: string;
  readonly line: number;
}

/** Every Markdown page of the repository. */
export const pages: readonly string[] = filesIn(".").filter((file) => file.endsWith(".md"));

/** Code blocks of a page. */
export function codeBlocks(page: string): readonly { readonly language: string; readonly code: string }[] {
  return [...readText(page).matchAll(/^```(\w*)[^\n]*\n(.*?)^```$/gms)].map(
    ([, language = "", code = ""]) => ({
      language,
      code,
    }),
  );
}

function lines(page: string): readonly string[] {
  let fenced = false;
  return readText(page)
    .split("\n")
    .map((line) => {
      const fence = line.trimStart().startsWith("```");
      if (fence) fenced = !fenced;
      return fence || fenced ? "" : line;
    });
}

/** Links of a page. */
export function linksOf(page: string): readonly Link[] {
  return lines(page).flatMap((line, index) =>
    // A link's text may be code; code that only looks like a link is not one.
    [...line.matchAll(/\[([^\]]+)\]\(([^)\s]+)\)|`[^`]*`/g)].flatMap(([, text, target]) =>
      text === undefined || target === undefined ? [] : [{ text, target, line: index + 1 }],
    ),
  );
}

/** Anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(page: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const line of lines(page)) {
    const [, heading] = /^#{1,6}\s+(.*)$/.exec(line) ?? [];
    if (heading === undefined) continue;
    const slug = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replaceAll(/\s/g, "-");
    for (let count = 0; ; count++) {
      const anchor = count === 0 ? slug : `${slug}-${count}`;
      if (anchors.has(anchor)) continue;
      anchors.add(anchor);
      break;
    }
  }
  return anchors;
}
