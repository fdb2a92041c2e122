import {
  MemoryId,
  Namespace,
  RunId,
  TaskId,
  estimateTokenCount,
  type ContextItem,
  type ContextPayload,
  type ContextRequest,
  type ContextShare,
  type ContextSource,
  type Finding,
  type SearchHit,
} from "@mnemosyne/core";
import fc from "fast-check";

/** A request for a small task, with what is given in its place. */
export const request = (more: Partial<ContextRequest> = {}): ContextRequest => ({
  task: { id: TaskId.parse("fix"), instructions: "Make the failing test pass.", reads: [] },
  goal: "Ship 2.0",
  constraints: ["Do not change public APIs"],
  successCriteria: ["All tests pass"],
  namespace: "project:demo",
  budget: 20_000,
  ...more,
});

/** An item of somebody else's source. */
export const item = (id: string, text: string, relevance = 0.5): ContextItem => ({
  id,
  source: "custom",
  text,
  relevance,
});

/** A source that offers these items. */
export const source = (
  share: ContextShare,
  items: readonly ContextItem[],
  name: string = share,
): ContextSource => ({
  name,
  share,
  collect: async () => items,
});

/** Tokens of what is really sent, counted anew. */
export const counted = (payload: ContextPayload): number =>
  estimateTokenCount(payload.system).high + estimateTokenCount(payload.text).high;

/** Ids of everything that a payload holds, its system text left out. */
export const included = (payload: ContextPayload): string[] =>
  payload.sections.flatMap((section) => section.items.map(({ id }) => id)).filter((id) => id !== "system");

/** What a promise rejects with. */
export async function thrown(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

/** A finding as the reviewer gives it. */
export const FINDING: Finding = {
  rule: "tests.failed",
  severity: "blocker",
  message: "1 test failed",
  file: "test/a.test.ts",
  line: 3,
};

/** A memory as a search finds it. */
export function hit(id: string, content: string, more: Partial<SearchHit> = {}): SearchHit {
  return {
    id: MemoryId.parse(id),
    namespace: Namespace.project("demo"),
    content,
    summary: "",
    importance: 7,
    confidence: 0.8,
    type: "insight",
    keywords: [],
    tags: [],
    context: "",
    createdAt: new Date("2026-01-02T03:04:05Z"),
    updatedAt: new Date("2026-01-02T03:04:05Z"),
    metadata: {},
    version: 1,
    trust: "claimed",
    provenance: { run: RunId.parse("r0"), agent: "executor" },
    score: 1,
    ...more,
  };
}

/** Any text at all: every UTF-16 code unit, lone surrogates too, often ASCII. */
export const anyText = (maxLength: number): fc.Arbitrary<string> =>
  fc.string({
    maxLength,
    unit: fc
      .oneof(fc.integer({ min: 0, max: 127 }), fc.integer({ min: 0, max: 0xffff }))
      .map((code) => String.fromCharCode(code)),
  });
