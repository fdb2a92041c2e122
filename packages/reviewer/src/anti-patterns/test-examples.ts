import type { Workspace } from "@mnemosyne/core";
import { isScript } from "../source/language.ts";
import { chainOf, literalOf, parseScript, walk, type SyntaxNode } from "../source/syntax.ts";
import { isTestPath } from "../testing/test-files.ts";

/** A call in a test whose arguments and expected value are all literals. */
export interface TestExample {
  readonly callee: string;
  readonly inputs: readonly string[];
  readonly expected: string;
}

const FILES_READ = 400;

/** The examples that the project's JavaScript and TypeScript tests give: `assert.equal(f(2, 3), 5)`, `expect(f(2)).toBe(4)`. */
export async function readTestExamples(workspace: Workspace): Promise<readonly TestExample[]> {
  const paths = (await workspace.list())
    .filter((path) => isTestPath(path) && isScript(path))
    .slice(0, FILES_READ);
  const found: TestExample[] = [];
  for (const path of paths) {
    const tree = parseScript(path, await workspace.readText(path));
    if (tree === undefined) continue;
    walk(tree, (node) => {
      found.push(...exampleOf(node));
      return true;
    });
  }
  return found;
}

function exampleOf(node: SyntaxNode): readonly TestExample[] {
  if (node.type !== "CallExpression") return [];
  const args = node.nodes("arguments");
  const chain = chainOf(node.node("callee"));
  if (chain[0] === "expect" && chain.length > 1) {
    const subject = expectedSubject(node.node("callee"));
    const expected = args.length === 0 ? impliedBy(chain.at(-1)) : literalOf(args[0]);
    return exampleFrom(subject, expected);
  }
  if (chain.length > 0 && args.length >= 2) {
    const [actual, expected] = args;
    return [...exampleFrom(actual, literalOf(expected)), ...exampleFrom(expected, literalOf(actual))];
  }
  return [];
}

function impliedBy(matcher: string | undefined): string | undefined {
  const known: Readonly<Record<string, string>> = {
    toBeTruthy: "true",
    toBeFalsy: "false",
    toBeNull: "null",
  };
  return matcher === undefined ? undefined : known[matcher];
}

/** What stands in `expect(…)` at the root of a chain. */
function expectedSubject(node: SyntaxNode | undefined): SyntaxNode | undefined {
  let at = node;
  while (at !== undefined && at.type !== "CallExpression") at = at.node("object");
  return at?.nodes("arguments")[0];
}

function exampleFrom(call: SyntaxNode | undefined, expected: string | undefined): readonly TestExample[] {
  const inner = call?.type === "AwaitExpression" ? call.node("argument") : call;
  if (inner?.type !== "CallExpression" || expected === undefined) return [];
  const inputs = inner.nodes("arguments").map(literalOf);
  const callee = chainOf(inner.node("callee")).at(-1);
  if (callee === undefined || inputs.length === 0 || inputs.includes(undefined)) return [];
  return [{ callee, inputs: inputs.filter((input) => input !== undefined), expected }];
}
