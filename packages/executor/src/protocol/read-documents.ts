import { MnemosyneError } from "@mnemosyne/core";
import type { FullSpec, PlannedTest, Spec } from "./documents.ts";

/** Reads spec.md as it was written, or as somebody edited it. Throws `E_INPUT` with the line. */
export function readSpec(text: string): Pick<FullSpec, "parts" | "invariants"> & { readonly spec: Spec } {
  const { title, lead, sections } = outline(text, "spec.md");
  return {
    spec: {
      title,
      intent: lead.join(" "),
      stack: sections.get("Stack")?.bullets ?? [],
      constraints: sections.get("Constraints")?.bullets ?? [],
      requirements: (sections.get("Requirements")?.entries ?? []).map((entry) => ({
        ...numbered(entry, "R", "spec.md"),
        acceptance: entry.fields.get("Acceptance") ?? "",
      })),
      questions: (sections.get("Questions")?.entries ?? []).map((entry) => {
        const { id, text: question } = numbered(entry, "Q", "spec.md");
        const answer = entry.fields.get("Answer");
        const open = { id, question, assumption: entry.fields.get("Assumption") ?? "" };
        return answer === undefined ? open : { ...open, answer };
      }),
    },
    parts: (sections.get("Parts")?.entries ?? []).map(({ heading, fields }) => ({
      name: heading,
      purpose: fields.get("Purpose") ?? "",
      interface: fields.get("Interface") ?? "",
      dependsOn: list(fields.get("Depends on")),
    })),
    invariants: sections.get("Invariants")?.bullets ?? [],
  };
}

const KINDS: readonly PlannedTest["kind"][] = ["unit", "integration", "endToEnd", "property", "manual"];

/** Reads test-plan.md. Throws `E_INPUT` with the line. */
export function readTestPlan(text: string): Pick<FullSpec, "tests" | "edgeCases"> {
  const { sections } = outline(text, "test-plan.md");
  return {
    tests: (sections.get("Tests")?.entries ?? []).map((entry) => {
      const { id, text: description } = numbered(entry, "T", "test-plan.md");
      const kind = KINDS.find((known) => known === entry.fields.get("Kind"));
      if (kind === undefined)
        throw broken("test-plan.md", entry.line, `the kind of ${id} is none of ${KINDS.join(", ")}`);
      return {
        id,
        description,
        kind,
        requirements: list(entry.fields.get("Shows")),
        file: entry.fields.get("File") ?? "",
      };
    }),
    edgeCases: (sections.get("Edge cases")?.bullets ?? []).map((bullet) => {
      const colon = bullet.indexOf(":");
      return { requirement: bullet.slice(0, Math.max(colon, 0)), text: bullet.slice(colon + 1).trim() };
    }),
  };
}

interface Entry {
  readonly heading: string;
  readonly line: number;
  readonly fields: Map<string, string>;
}

interface Section {
  readonly bullets: string[];
  readonly entries: Entry[];
}

function outline(
  text: string,
  file: string,
): {
  readonly title: string;
  readonly lead: readonly string[];
  readonly sections: ReadonlyMap<string, Section>;
} {
  const lead: string[] = [];
  const sections = new Map<string, Section>();
  let title: string | undefined;
  let section: Section | undefined;
  let entry: Entry | undefined;
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    const heading = /^(#{1,3})\s+(.*?)\s*$/.exec(line);
    if (heading !== null) {
      const [, depth = "", name = ""] = heading;
      if (depth.length === 1) title ??= name.replace(/^Test plan: /, "");
      else if (depth.length === 2) {
        if (sections.has(name)) throw broken(file, at + 1, `the section '${name}' stands twice`);
        section = { bullets: [], entries: [] };
        entry = undefined;
        sections.set(name, section);
      } else {
        if (section === undefined) throw broken(file, at + 1, `'${name}' stands in no section`);
        entry = { heading: name, line: at + 1, fields: new Map() };
        section.entries.push(entry);
      }
      continue;
    }
    const bullet = /^[-*]\s+(.*?)\s*$/.exec(line)?.[1];
    if (bullet !== undefined && entry !== undefined) {
      const colon = bullet.indexOf(": ");
      if (colon < 0) throw broken(file, at + 1, "a field must be written as '- Name: value'");
      entry.fields.set(bullet.slice(0, colon), bullet.slice(colon + 2).trim());
    } else if (bullet !== undefined && section !== undefined) section.bullets.push(bullet);
    else if (line.trim() !== "" && section === undefined) lead.push(line.trim());
  }
  if (title === undefined) throw broken(file, 1, "it has no title ('# ...')");
  return { title, lead, sections };
}

function numbered({ heading, line }: Entry, letter: string, file: string): { id: string; text: string } {
  const [, id, text] = /^([A-Z]\d+):\s*(.*)$/.exec(heading) ?? [];
  if (id === undefined || text === undefined || !id.startsWith(letter))
    throw broken(file, line, `the heading '${heading}' must begin with a number such as '${letter}1: '`);
  return { id, text };
}

function list(text: string | undefined): readonly string[] {
  return (text ?? "")
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

function broken(file: string, line: number, why: string): MnemosyneError {
  return new MnemosyneError("E_INPUT", `${file} line ${line}: ${why}.`, {
    kind: "input",
    path: `${file}:${line}`,
  });
}
