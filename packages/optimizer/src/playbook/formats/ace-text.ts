import type { Playbook, PlaybookDelta } from "@mnemosyne/core";

const BULLET = /^\s*\[([^\]\s]{1,64})\]\s*helpful=(\d{1,9})\s*harmful=(\d{1,9})\s*::[^\S\n]?(.*)$/su;
const HEADER = /^##\s+(.+?)\s*$/u;
const ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/;

/**
 * A playbook as the text of the ACE project: `[sec-00001] helpful=5 harmful=0 :: content` under `## SECTION`, one item a line.
 * A line break in a content stands as `\n`. Evidence and verification have no place in it.
 */
export function formatAceText({ items }: Pick<Playbook, "items">): string {
  const sections = new Map<string, string[]>();
  for (const { id, section, content, helpful, harmful } of items) {
    let lines = sections.get(section);
    if (lines === undefined) sections.set(section, (lines = []));
    lines.push(`[${id}] helpful=${helpful} harmful=${harmful} :: ${escapeLines(content)}`);
  }
  return Array.from(sections, ([section, lines]) => `## ${headerOf(section)}\n${lines.join("\n")}\n`).join(
    "\n",
  );
}

/**
 * Reads such a text as deltas that add its items with their ids and counts; lines that are none are reported. Section names
 * in capitals come back in lower case with `_`, however they were joined.
 */
export function parseAceText(
  text: string,
  evidence = "imported from an ACE playbook",
): { readonly deltas: readonly PlaybookDelta[]; readonly problems: readonly string[] } {
  const deltas: PlaybookDelta[] = [];
  const problems: string[] = [];
  let section = "others";
  for (const [index, line] of text.split(/\r?\n/u).entries()) {
    if (line.trim() === "") continue;
    const header = HEADER.exec(line)?.[1];
    if (header !== undefined) {
      section = sectionOf(header);
      continue;
    }
    const [, id = "", helpful, harmful, written = ""] = BULLET.exec(line) ?? [];
    const content = unescapeLines(written);
    if (helpful === undefined || content.trim() === "") {
      problems.push(`line ${index + 1} is no item: ${line.trim().slice(0, 60)}`);
      continue;
    }
    deltas.push({
      op: "add",
      ...(ID.test(id) ? { id } : {}),
      section,
      content,
      helpful: Number(helpful),
      harmful: Number(harmful),
      evidence,
      origin: { source: "ace" },
    });
  }
  return { deltas, problems };
}

function headerOf(section: string): string {
  const capitals = section.toUpperCase().replaceAll("_", " ");
  return sectionOf(capitals) === section ? capitals : section.replaceAll(/\s+/gu, " ").trim();
}

function sectionOf(header: string): string {
  if (header !== header.toUpperCase()) return header;
  const name = header
    .toLowerCase()
    .replaceAll("&", " and ")
    .replaceAll(/[^\p{L}\p{N}]+/gu, "_");
  return name.replaceAll(/^_+|_+$/gu, "") || "others";
}

function escapeLines(content: string): string {
  return content
    .replaceAll("\r\n", "\n")
    .replaceAll(/\\+n|[\n\r]/gu, (found) => (found === "\n" || found === "\r" ? "\\n" : `\\${found}`));
}

function unescapeLines(text: string): string {
  return text.replaceAll(/\\+n/gu, (found) => (found === "\\n" ? "\n" : found.slice(1)));
}
