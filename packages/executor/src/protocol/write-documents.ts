import type { FullSpec, Spec } from "./documents.ts";

/** A text in one line, so that it can stand in a heading or a table. */
export function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

/** The file spec.md; the parts, interfaces and invariants of the full spec stand in it too, once they are known. */
export function writeSpec(spec: Spec, fullSpec?: FullSpec): string {
  return document([
    `# ${oneLine(spec.title)}`,
    oneLine(spec.intent),
    ...section("Stack", bullets(spec.stack)),
    ...section("Constraints", bullets(spec.constraints)),
    ...section(
      "Requirements",
      spec.requirements.map(({ id, text, acceptance }) =>
        fields(`### ${id}: ${oneLine(text)}`, [["Acceptance", acceptance]]),
      ),
    ),
    ...section(
      "Questions",
      spec.questions.map(({ id, question, assumption, answer }) =>
        fields(`### ${id}: ${oneLine(question)}`, [
          ["Assumption", assumption],
          ["Answer", answer ?? ""],
        ]),
      ),
    ),
    ...section(
      "Parts",
      (fullSpec?.parts ?? []).map((part) =>
        fields(`### ${oneLine(part.name)}`, [
          ["Purpose", part.purpose],
          ["Interface", part.interface],
          ["Depends on", part.dependsOn.join(", ")],
        ]),
      ),
    ),
    ...section("Invariants", bullets(fullSpec?.invariants ?? [])),
  ]);
}

/** The file test-plan.md. */
export function writeTestPlan(title: string, { tests, edgeCases }: FullSpec): string {
  return document([
    `# Test plan: ${oneLine(title)}`,
    ...section(
      "Tests",
      tests.map(({ id, description, kind, requirements, file }) =>
        fields(`### ${id}: ${oneLine(description)}`, [
          ["Kind", kind],
          ["Shows", requirements.join(", ")],
          ["File", file],
        ]),
      ),
    ),
    ...section("Edge cases", bullets(edgeCases.map(({ requirement, text }) => `${requirement}: ${text}`))),
  ]);
}

function document(parts: readonly string[]): string {
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function section(title: string, parts: readonly string[]): readonly string[] {
  return parts.length === 0 ? [] : [`## ${title}`, ...parts];
}

function bullets(items: readonly string[]): readonly string[] {
  return items.length === 0 ? [] : [items.map((item) => `- ${oneLine(item)}`).join("\n")];
}

function fields(heading: string, pairs: readonly (readonly [string, string])[]): string {
  const lines = pairs
    .filter(([, value]) => oneLine(value) !== "")
    .map(([name, value]) => `- ${name}: ${oneLine(value)}`);
  return lines.length === 0 ? heading : `${heading}\n\n${lines.join("\n")}`;
}
