import { MnemosyneError, type Playbook, type PlaybookDelta } from "@mnemosyne/core";

/** One item of a skillbook as agentic-context-engine writes it; members that it does not know are kept by it. */
interface SkillbookEntry {
  readonly id: string;
  readonly section: string;
  readonly content: string;
  readonly justification: string | null;
  readonly evidence: string | null;
  readonly status: "active" | "invalid";
  readonly sources: readonly string[];
  readonly helpful: number;
  readonly harmful: number;
}

/** A playbook in the JSON form of agentic-context-engine's skillbooks. Stable: the same items give the same bytes. */
export function formatSkillbook({ items, nextId }: Pick<Playbook, "items" | "nextId">): string {
  const skills: Record<string, SkillbookEntry> = {};
  const sections: Record<string, string[]> = {};
  for (const item of items) {
    const { run, task, source } = item.origin ?? {};
    skills[item.id] = {
      id: item.id,
      section: item.section,
      content: item.content,
      justification: null,
      evidence: item.evidence.at(-1) ?? null,
      status: "active",
      sources: [run === undefined ? source : `${run}${task === undefined ? "" : `/${task}`}`].flatMap(
        (each) => each ?? [],
      ),
      helpful: item.helpful,
      harmful: item.harmful,
    };
    (sections[item.section] ??= []).push(item.id);
  }
  return `${JSON.stringify({ skills, sections, next_id: nextId, similarity_decisions: {} }, undefined, 2)}\n`;
}

/** Reads a skillbook as deltas that add its active items. Throws `E_INPUT` for what is none. */
export function parseSkillbook(
  text: string,
  evidence = "imported from a skillbook",
): { readonly deltas: readonly PlaybookDelta[]; readonly problems: readonly string[] } {
  const skills = skillsOf(text);
  const deltas: PlaybookDelta[] = [];
  const problems: string[] = [];
  for (const [key, value] of Object.entries(skills)) {
    const entry = (typeof value === "object" && value !== null ? value : {}) as Partial<
      Record<keyof SkillbookEntry | "created_at", unknown>
    >;
    if (typeof entry.content !== "string" || entry.content.trim() === "") {
      problems.push(`'${key}' has no content`);
      continue;
    }
    if (entry.status === "invalid") {
      problems.push(`'${key}' was removed there`);
      continue;
    }
    deltas.push({
      op: "add",
      ...(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/.test(key) ? { id: key } : {}),
      section: typeof entry.section === "string" && entry.section.trim() !== "" ? entry.section : "others",
      content: entry.content,
      helpful: count(entry.helpful),
      harmful: count(entry.harmful),
      evidence:
        typeof entry.evidence === "string" && entry.evidence.trim() !== "" ? entry.evidence : evidence,
      origin: { source: "skillbook" },
    });
  }
  return { deltas, problems };
}

function skillsOf(text: string): object {
  let cause: unknown;
  try {
    const value: unknown = JSON.parse(text);
    const skills: unknown =
      typeof value === "object" && value !== null && "skills" in value ? value.skills : undefined;
    if (typeof skills === "object" && skills !== null && !Array.isArray(skills)) return skills;
  } catch (error) {
    cause = error;
  }
  throw new MnemosyneError("E_INPUT", 'This is no skillbook: JSON with an object "skills" is expected.', {
    kind: "input",
    path: "skills",
    cause,
  });
}

function count(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : 0;
}
