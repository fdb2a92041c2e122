import { HOLDS, NO_CLAIM, refuted, sumChecked, type Checked, type ClaimContext } from "./claim.ts";
import type { ParsedDocument } from "./document.ts";

/** Relative links of a document or report: the file is there, and so is the heading. */
export async function checkLinks(context: ClaimContext, { links }: ParsedDocument): Promise<Checked> {
  const folder = context.document?.split("/").slice(0, -1) ?? [];
  return sumChecked(await Promise.all(links.map((link) => checkLink(context, link, folder))));
}

async function checkLink(
  context: ClaimContext,
  { target, line, text }: ParsedDocument["links"][number],
  folder: readonly string[],
): Promise<Checked> {
  if (/^[a-z][a-z+.-]*:|^\/\/|^\/|[<>{}$*]/i.test(target)) return NO_CLAIM;
  const [rawPath = "", anchor] = target.split("#");
  const path = rawPath === "" ? context.document : joined(folder, decode(rawPath.split("?")[0] ?? ""));
  if (path === undefined || path.startsWith("..")) return NO_CLAIM;
  const places = path === "" ? [""] : await context.repository.find(path);
  const exact = places.includes(path) || (context.document === undefined && places.length > 0);
  if (!exact)
    return refuted(
      context,
      "link",
      { text, line },
      `The link's target '${target}' does not exist.`,
      `looked for ${path}`,
    );
  const place = places[0] ?? path;
  if (anchor === undefined || anchor === "" || !/\.mdx?$/i.test(place)) return HOLDS;
  if (/^L\d+/.test(anchor)) return HOLDS;
  const heading = anchorsOf((await context.repository.textOf(place)) ?? "");
  return heading.has(anchor.toLowerCase())
    ? HOLDS
    : refuted(
        context,
        "link",
        { text, line },
        `The link's heading '#${anchor}' does not exist.`,
        `headings of ${place}: ${[...heading].slice(0, 12).join(", ")}`,
      );
}

/** The anchors that headings get, and those that are set by hand. */
function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  const seen = new Map<string, number>();
  let fenced = false;
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(?:```|~~~)/.test(line)) fenced = !fenced;
    for (const match of line.matchAll(/<a\s+(?:id|name)="([^"]+)"|\{#([\w-]+)\}/g))
      anchors.add((match[1] ?? match[2] ?? "").toLowerCase());
    const heading = fenced ? undefined : /^\s{0,3}#{1,6}\s+(.*?)\s*#*\s*$/.exec(line)?.[1];
    if (heading === undefined) continue;
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replaceAll(/\s/g, "-");
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}

function joined(folder: readonly string[], path: string): string {
  const parts = [...folder];
  for (const part of path.split("/")) {
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    // A stray percent sign is part of the name.
    return path;
  }
}
