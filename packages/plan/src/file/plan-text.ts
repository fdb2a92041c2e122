import type { PlanFinding } from "@mnemosyne/core";
import {
  isNode,
  isPair,
  isScalar,
  LineCounter,
  parseDocument,
  YAMLMap,
  type Document,
  type ParsedNode,
  type YAMLError,
} from "yaml";
import { parsePath } from "./schema-walk.ts";

/** How a plan's text is written. */
export type PlanFormat = "yaml" | "json";

/** A plan's text as data, with a way to say where things are. */
export interface PlanText {
  /** Missing where the text cannot be read. */
  readonly raw?: unknown;
  readonly findings: readonly PlanFinding[];
  /** A finding with its line and column, where they are known. */
  readonly locate: (finding: PlanFinding) => PlanFinding;
}

/** Reads YAML 1.2 or JSON. Never throws; what is wrong with the text is a finding. */
export function readPlanText(text: string, format: PlanFormat): PlanText {
  const lines = new LineCounter();
  const source = text.startsWith("\uFEFF") ? text.slice(1) : text;
  if (source.trim() === "")
    return unreadable("empty", "The plan is empty.", "Start with 'version: 1' and 'tasks:'.");
  const document = parseDocument(source, {
    lineCounter: lines,
    prettyErrors: false,
    strict: true,
    uniqueKeys: true,
    logLevel: "error",
  });
  const broken = format === "json" ? jsonFault(source, document, lines) : undefined;
  if (broken !== undefined) return broken;
  const duplicates = document.errors.filter(({ code }) => code === "DUPLICATE_KEY");
  // JSON was read by JSON.parse, which only misses a key that is given twice. After the first fault in YAML's
  // syntax the others are mostly its consequences.
  const [syntax] =
    format === "json"
      ? []
      : [...document.errors, ...document.warnings].filter(({ code }) => code !== "DUPLICATE_KEY");
  const findings = (syntax === undefined ? duplicates : [syntax]).map((fault) =>
    toFinding(fault, source, lines),
  );
  const locate = (finding: PlanFinding): PlanFinding => {
    if (finding.line !== undefined) return finding;
    const offset = offsetOf(document, finding.path);
    if (offset === undefined) return finding;
    const { line, col } = lines.linePos(offset);
    return { ...finding, line, column: col };
  };
  if (findings.length > 0) return { findings, locate };
  if (format === "json") return { raw: JSON.parse(source) as unknown, findings, locate };
  try {
    return { raw: document.toJS({ maxAliasCount: 100 }) as unknown, findings, locate };
  } catch (error) {
    return unreadable(
      "syntax",
      `The text is not valid YAML: ${error instanceof Error ? error.message : String(error)}`,
      "Use fewer aliases, each after its anchor.",
    );
  }
}

const FIXES: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: "Remove one of them.",
  MULTIPLE_DOCS: "A plan is one document: remove what follows '---'.",
  TAB_AS_INDENT: "Indent with spaces.",
  TAG_RESOLVE_FAILED: "Remove the tag.",
};

function toFinding(fault: YAMLError, source: string, lines: LineCounter): PlanFinding {
  const { line, col } = lines.linePos(fault.pos[0]);
  const duplicate = fault.code === "DUPLICATE_KEY";
  return {
    severity: "error",
    rule: duplicate ? "duplicateKey" : "syntax",
    path: "",
    message: duplicate
      ? `The key ${keyAt(source, fault.pos[0])} is given twice.`
      : `The text is not valid YAML: ${fault.message}`,
    fix: FIXES[fault.code] ?? "Correct the text at this place.",
    line,
    column: col,
  };
}

/** JSON.parse decides; where it does not say where the fault is, YAML, of which JSON is a part, may. */
function jsonFault(source: string, document: Document.Parsed, lines: LineCounter): PlanText | undefined {
  try {
    JSON.parse(source);
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const offset = /at position (\d+)/.exec(message)?.[1] ?? document.errors[0]?.pos[0];
    const place = offset === undefined ? undefined : lines.linePos(Number(offset));
    return unreadable(
      "syntax",
      `The text is not valid JSON: ${message}`,
      "Correct the text at this place.",
      place === undefined ? {} : { line: place.line, column: place.col },
    );
  }
}

function unreadable(
  rule: string,
  message: string,
  fix: string,
  place: { readonly line?: number; readonly column?: number } = {},
): PlanText {
  return {
    findings: [{ severity: "error", rule, path: "", message, fix, ...place }],
    locate: (finding) => finding,
  };
}

/** Offset of the value at a path; of the key for a key that is not known; else of the nearest place above. */
function offsetOf(document: Document.Parsed, path: string): number | undefined {
  let node: unknown = document.contents;
  let offset = startOf(node);
  for (const part of parsePath(path)) {
    if (node instanceof YAMLMap) {
      const pair = (node as YAMLMap<unknown, ParsedNode | null>).items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(part),
      );
      if (pair === undefined) return offset;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else {
      const inner: unknown =
        isNode(node) && "get" in node && typeof part === "number" ? node.get(part, true) : undefined;
      if (inner === undefined || inner === null) return offset;
      node = inner;
      offset = startOf(node) ?? offset;
    }
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function keyAt(source: string, offset: number): string {
  const key = /^[^\s:,{}]+/.exec(source.slice(offset, offset + 80))?.[0];
  return key === undefined ? "" : `'${key.replaceAll(/^["']|["']$/g, "")}'`;
}
