import type { Finding, GateJudgement, PlaybookDelta } from "@mnemosyne/core";
import type { JudgedAttempt, Lesson, Reflector, TaskOutcome } from "./learning.ts";

const SECTION = "verification";
const LONGEST_MESSAGE = 240;
const LONGEST_TASK = 120;
const MOST_FILES = 5;
const MOST_LESSONS = 8;

/** What stood in the way of a task, and what got past it. */
export interface ReviewPassed {
  readonly run: string;
  readonly task: string;
  readonly instructions: string;
  readonly agent?: string;
  /** Gates that asked a model. */
  readonly judgedByModel?: readonly string[];
  /** The attempt that was blocked, with its findings. */
  readonly blocked: JudgedAttempt;
  /** The later attempt that passed. */
  readonly passed: JudgedAttempt;
}

/**
 * What a failed review teaches once a later attempt passes: one `add` for each blocker that the same gate found before and
 * did not find again. It is `verified`, for programs saw both; what a model's gate or the agent said is not. Pure.
 */
export function lessonsFromReview(review: ReviewPassed): readonly PlaybookDelta[] {
  const { run, task, blocked, passed } = review;
  const lessons: PlaybookDelta[] = [];
  for (const judgement of blocked.gates) {
    const later = passed.gates.find(({ gate }) => gate === judgement.gate);
    if (judgement.verdict !== "fail" || later?.verdict !== "pass") continue;
    const open = new Set(later.findings.filter(({ severity }) => severity === "blocker").map(nameOf));
    for (const finding of judgement.findings) {
      if (finding.severity !== "blocker" || open.has(nameOf(finding))) continue;
      lessons.push({
        op: "add",
        section: SECTION,
        content: sentence(finding, judgement, review),
        verified: review.judgedByModel?.includes(judgement.gate) !== true,
        helpful: 0,
        evidence: `${run}/${task}: ${judgement.gate} failed attempt ${blocked.attempt} (${judgement.subject}) and passed attempt ${passed.attempt} (${later.subject})`,
        origin: {
          run,
          task,
          attempt: passed.attempt,
          gate: judgement.gate,
          ...(review.agent === undefined ? {} : { agent: review.agent }),
        },
      });
    }
  }
  return lessons.slice(0, MOST_LESSONS);
}

/**
 * Learns from gates alone, without a model: each blocker that a later attempt got past becomes a lesson, and items that stood in
 * the context are tagged helpful where the task passed at once, harmful where it never passed.
 */
export function createGateReflector(): Reflector {
  return {
    name: "gates",
    async reflect(outcome, playbook) {
      const last = outcome.attempts.at(-1);
      if (last === undefined) return [];
      const passed = passes(last);
      const lessons: Lesson[] = passed
        ? outcome.attempts
            .slice(0, -1)
            .flatMap(
              (blocked) =>
                lessonsFromReview({ ...about(outcome), blocked, passed: last }) as readonly Lesson[],
            )
        : [];
      return [...unique(lessons), ...tags(outcome, passed, new Set(playbook.items.map(({ id }) => id)))];
    },
  };
}

function about(outcome: TaskOutcome): Omit<ReviewPassed, "blocked" | "passed"> {
  const { run, task, instructions, agent, judgedByModel = [] } = outcome;
  return { run, task, instructions, judgedByModel, ...(agent === undefined ? {} : { agent }) };
}

function passes({ gates }: JudgedAttempt): boolean {
  return gates.length > 0 && gates.every(({ verdict }) => verdict === "pass");
}

function tags(outcome: TaskOutcome, passed: boolean, known: ReadonlySet<string>): readonly Lesson[] {
  // Passing at the second attempt says neither that an item helped nor that it harmed.
  if (passed && outcome.attempts.length > 1) return [];
  const failed = outcome.attempts.every(({ gates }) => gates.some(({ verdict }) => verdict === "fail"));
  if (!passed && !failed) return [];
  const evidence = `${outcome.run}/${outcome.task}: ${passed ? "passed at the first attempt" : `failed ${outcome.attempts.length} attempts`} with it in the context`;
  return [...new Set(outcome.used)]
    .filter((id) => known.has(id))
    .map((id) => ({ op: "tag", id, evidence, ...(passed ? { helpful: 1 } : { harmful: 1 }) }));
}

function unique(lessons: readonly Lesson[]): readonly Lesson[] {
  const seen = new Set<string>();
  return lessons.filter((lesson) => {
    const key = lesson.op === "add" ? lesson.content : JSON.stringify(lesson);
    return !seen.has(key) && seen.add(key);
  });
}

function nameOf({ rule, file, message }: Finding): string {
  return `${rule}\0${file ?? ""}\0${message}`;
}

function sentence(finding: Finding, { gate }: GateJudgement, { instructions, passed }: ReviewPassed): string {
  const place =
    finding.file === undefined
      ? ""
      : ` in ${finding.file}${finding.line === undefined ? "" : `:${finding.line}`}`;
  const changed = passed.changed ?? [];
  const files =
    changed.length === 0
      ? ""
      : ` after changes of ${changed.slice(0, MOST_FILES).join(", ")}${changed.length > MOST_FILES ? ` and ${changed.length - MOST_FILES} more` : ""}`;
  return `In work such as "${line(instructions, LONGEST_TASK)}", gate ${gate} blocks ${finding.rule}${place}: ${line(finding.message, LONGEST_MESSAGE)}. It passed${files}.`;
}

function line(text: string, most: number): string {
  const flat = text.replaceAll(/\s+/gu, " ").trim().replace(/[.]+$/u, "").replaceAll('"', "'");
  const characters = Array.from(flat);
  return characters.length > most ? `${characters.slice(0, most - 1).join("")}…` : flat;
}
