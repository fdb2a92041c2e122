import type { Finding, Gate } from "@mnemosyne/core";
import { readDeltas, type FileDelta } from "../change/file-delta.ts";
import { isProse, languageOf } from "../source/language.ts";
import { readSource } from "../source/source-text.ts";
import { readSettings } from "../settings.ts";
import { verdictOf } from "../verdict.ts";

/**
 * Work that was put off: TODO, FIXME, HACK and XXX in comments, placeholder comments, and code that throws "not
 * implemented", in lines that the task added. Old ones do not count, nor do prose that mentions the words and strings
 * that hold them.
 */
export function noTodosGate(): Gate {
  return {
    name: "noTodos",
    version: "1",
    async judge(subject, { settings }) {
      readSettings("noTodos", settings, []);
      const deltas = await readDeltas(subject);
      const findings = deltas.flatMap(findTodos);
      return { verdict: verdictOf(findings), findings };
    },
  };
}

function findTodos(delta: FileDelta): readonly Finding[] {
  if (delta.after === undefined || delta.added.length === 0) return [];
  const added = new Set(delta.added.map(({ line }) => line));
  const hits = isProse(delta.path) ? proseTodos(delta.after) : sourceTodos(delta.path, delta.after);
  const seen = new Set<number>();
  return hits
    .filter(({ line }) => added.has(line) && !seen.has(line) && seen.add(line))
    .map(({ rule, line, message, evidence }) => ({
      rule,
      severity: "blocker",
      message,
      file: delta.path,
      line,
      evidence,
    }));
}

interface Hit {
  readonly rule: string;
  readonly line: number;
  readonly message: string;
  readonly evidence: string;
}

function sourceTodos(path: string, text: string): readonly Hit[] {
  if (languageOf(path) === undefined) return [];
  const source = readSource(path, text);
  const hits: Hit[] = [];
  for (const comment of source.comments)
    for (const [index, line] of comment.text.split("\n").entries()) {
      const marker = markerIn(line);
      if (marker !== undefined)
        hits.push({
          rule: "noTodos.marker",
          line: comment.line + index,
          message: `A ${marker} was left behind. Do it now, or say in the report that it is not done.`,
          evidence: line.trim(),
        });
      else if (isPlaceholder(line))
        hits.push({
          rule: "noTodos.placeholder",
          line: comment.line + index,
          message: "A comment stands in for work that was not done.",
          evidence: line.trim(),
        });
    }

  const code = source.code.split("\n");
  const plain = source.uncommented.split("\n");
  for (const [index, line] of plain.entries())
    if (throwsNotImplemented(code[index] ?? "", line, plain.slice(Math.max(0, index - 4), index)))
      hits.push({
        rule: "noTodos.notImplemented",
        line: index + 1,
        message: "The code throws instead of doing its work.",
        evidence: line.trim(),
      });
  return hits;
}

/** In prose only a line that is itself a TODO counts: `TODO: explain` or a hidden comment. */
function proseTodos(text: string): readonly Hit[] {
  const hits: Hit[] = [];
  let fenced = false;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(?:```|~~~)/.test(line)) fenced = !fenced;
    if (fenced) continue;
    const match =
      /^\s*(?:[-*+>]\s+|\d+[.)]\s+|#+\s+)?(?:\*\*|__)?(TODO|FIXME|TBD)(?:\*\*|__)?\s*(?::|\([^)]*\)|$)/.exec(
        line,
      ) ?? /<!--\s*(TODO|FIXME|TBD|XXX)\b/.exec(line);
    if (match?.[1] !== undefined)
      hits.push({
        rule: "noTodos.marker",
        line: index + 1,
        message: `A ${match[1]} was left behind. Write what is missing.`,
        evidence: line.trim(),
      });
  }
  return hits;
}

const MARKER = /(?<![\w`'"“.$-])(TODO|FIXME|HACK|XXX)(?![\w`'"”-])/;
/** `todo:` in lower case counts only where a comment's own text begins. */
const LEADING_MARKER =
  /^\s*(?:\/\/+|\/\*+|#+|--|<!--|\*|;+)?!?\s*(?:(todo|fixme|hack|xxx)\s*(?::|\(|-\s|$)|@(todo|fixme)\b)/i;
/** Talk about such comments instead of one. */
const MENTION_BEFORE =
  /\b(?:no|any|an?|every|each|all|the|of|for|find|finds|detect|detects|without|remaining|new|old|these|those|like|such as|and|or|,)\s+$/i;
const MENTION_AFTER =
  /^(?:s\b|[\s,/|]+(?:comments?|markers?|items?|lists?|tags?|lines?|notes?|gates?|rules?|entries|entry|words?|or|and|is|are|in|FIXME|HACK|XXX|TODO|app|apps|task|tasks|page|view|store|model)\b)/i;

function markerIn(line: string): string | undefined {
  const leads = LEADING_MARKER.exec(line);
  const leading = leads?.[1] ?? leads?.[2];
  if (leading !== undefined) return leading.toUpperCase();
  const match = MARKER.exec(line);
  if (match?.[1] === undefined) return undefined;
  const before = line.slice(0, match.index);
  const after = line.slice(match.index + match[1].length);
  const asMarker = /^\s*(?::|\()/.test(after);
  if (!asMarker && (MENTION_BEFORE.test(before) || MENTION_AFTER.test(after))) return undefined;
  return match[1];
}

const PLACEHOLDERS = [
  /\b(?:not\s+(?:yet\s+)?|un)implemented(?:\s+yet)?\s*(?:[.!…]|\.\.\.|\*\/|-->|$)/i,
  /^\W*placeholder\b(?!\s+(?:text|attribute|for\s+the\s+input|shown|value|of|in|prop))/i,
  /\b(?:implement|finish|complete|fix|add)\s+(?:this|me|it|the\s+rest|logic|actual\s+\w+)\s+(?:later|soon|here|when\b)/i,
  /\b(?:rest|remainder)\s+of\s+(?:the\s+)?(?:code|implementation|function|file|logic|class)\b/i,
  /\b(?:your|actual|real|existing)\s+(?:code|logic|implementation)\s+(?:goes\s+)?here\b/i,
  /^\W*(?:\.\.\.|…)\s*(?:existing|rest|other|same|more)\b/i,
  /\bto\s+be\s+(?:implemented|completed|filled\s+in)\b/i,
  /\b(?:just|only)\s+a\s+stub\b|^\W*stub(?:bed)?(?:\s+(?:implementation|out|for now|only))?\W*$/i,
];

function isPlaceholder(line: string): boolean {
  return PLACEHOLDERS.some((pattern) => pattern.test(line));
}

const NOT_IMPLEMENTED =
  /(?:^|[:\s"'`(])(?:not\s+(?:yet\s+)?|un)implemented(?:\s+yet)?[.!]?\s*["'`]|["'`]\s*(?:todo|fixme)\b|["'`](?:[^"'`]*\s)?not\s+(?:yet\s+)?implemented\s+yet/i;

function throwsNotImplemented(code: string, line: string, before: readonly string[]): boolean {
  if (/\b(?:todo|unimplemented)!\s*\(/.test(code)) return true;
  if (/\braise\s+NotImplementedError\b/.test(code))
    return !before.some((earlier) => /@(?:\w+\.)?abstractmethod\b/.test(earlier));
  if (/\b(?:throw|raise)\b.*\bNot(?:Yet)?Implemented(?:Exception|Error)\b/.test(code)) return true;
  // A server's own answer 501 is a finished thing.
  if (!/\b(?:throw|raise|panic|reject|fatalError|die)\b/.test(code) || /\b501\b/.test(line)) return false;
  return NOT_IMPLEMENTED.test(line);
}
