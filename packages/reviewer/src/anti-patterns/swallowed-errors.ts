import type { Finding } from "@mnemosyne/core";
import { languageOf } from "../source/language.ts";
import { walk, type SyntaxNode } from "../source/syntax.ts";
import { found, type ChangedSource, type Rule } from "./rule.ts";

const MESSAGE =
  "An error is swallowed. Handle it, pass it on, or say in a comment there why it may be ignored.";

/** Handlers that do nothing and do not say why: `catch {}`, `.catch(() => {})`, `except: pass` and their kin. */
export const swallowedErrors: Rule = (changed) => {
  if (changed.tree !== undefined) return inTree(changed, changed.tree);
  if (languageOf(changed.delta.path)?.name === "python") return inPython(changed);
  return inBraces(changed);
};

function inTree(changed: ChangedSource, tree: SyntaxNode): readonly Finding[] {
  const findings: Finding[] = [];
  const report = (node: SyntaxNode): void => {
    const last = lastLine(changed, node);
    const commented = changed.source.comments.some(
      ({ start, end }) => start >= node.start && end <= node.end,
    );
    if (!commented && changed.touches(node.line, last))
      findings.push(found(changed, "swallowedError", "blocker", node.line, MESSAGE));
  };
  walk(tree, (node) => {
    if (node.type === "CatchClause" && node.node("body")?.nodes("body").length === 0) report(node);
    if (node.type !== "CallExpression" || node.node("callee")?.node("property")?.get("name") !== "catch")
      return true;
    const [handler] = node.nodes("arguments");
    const body = handler?.node("body");
    const empty =
      (body?.type === "BlockStatement" && body.nodes("body").length === 0) ||
      (handler?.type === "ArrowFunctionExpression" &&
        (body?.type === "NullLiteral" || (body?.type === "Identifier" && body.get("name") === "undefined")));
    if (handler !== undefined && empty) report(handler);
    return true;
  });
  return findings;
}

function lastLine(changed: ChangedSource, { line, start, end }: SyntaxNode): number {
  return line + changed.delta.after.slice(start, end).split("\n").length - 1;
}

function inPython(changed: ChangedSource): readonly Finding[] {
  return changed.code.flatMap((line, index) => {
    if (!/^\s*except\b.*:\s*(?:pass|\.\.\.)?\s*$/.test(line)) return [];
    const inline = /:\s*(?:pass|\.\.\.)\s*$/.test(line);
    const next = changed.code[index + 1] ?? "";
    const last = inline ? index : index + 1;
    if (!inline && !/^\s*(?:pass|\.\.\.)\s*$/.test(next)) return [];
    const commented = changed.source.comments.some(
      (comment) => comment.line >= index + 1 && comment.line <= last + 1,
    );
    return commented || !changed.touches(index + 1, last + 1)
      ? []
      : found(changed, "swallowedError", "blocker", index + 1, MESSAGE);
  });
}

/** Java, C#, Kotlin, PHP, Swift (`catch`), and Go's empty `if err != nil`. */
function inBraces(changed: ChangedSource): readonly Finding[] {
  const code = changed.code.join("\n");
  const findings: Finding[] = [];
  for (const match of code.matchAll(/\bcatch\s*(?:\([^)]*\)\s*)?\{\s*\}|\bif\s+err\s*!=\s*nil\s*\{\s*\}/g)) {
    const first = code.slice(0, match.index).split("\n").length;
    const last = first + match[0].split("\n").length - 1;
    const commented = changed.source.comments.some(({ line }) => line >= first && line <= last);
    if (!commented && changed.touches(first, last))
      findings.push(found(changed, "swallowedError", "blocker", first, MESSAGE));
  }
  return findings;
}
