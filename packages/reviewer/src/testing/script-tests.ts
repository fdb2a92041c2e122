import { chainOf, literalOf, parseScript, walk, type SyntaxNode } from "../source/syntax.ts";
import { evenOut } from "../source/even-out.ts";
import type { TestCase } from "./test-case.ts";

const TESTS = new Set(["it", "test", "specify", "xit", "xtest", "xspecify", "fit", "ftest"]);
const SUITES = new Set(["describe", "suite", "context", "xdescribe", "fdescribe", "xcontext", "fcontext"]);
/** Methods of the `t` of ava, tap, tape and node:test that assert something. */
const CONTEXT_ASSERTIONS = new Set(
  (
    "is not deepEqual notDeepEqual like throws throwsAsync notThrows notThrowsAsync truthy falsy true false assert ok notOk " +
    "equal equals notEqual same notSame match doesNotMatch doesNotThrow strictSame strictNotSame has hasStrict type rejects " +
    "resolves resolveMatch regex notRegex snapshot fail pass error matchOnly plan"
  ).split(" "),
);
const ASSERTING_NAME = /^(?:expect|assert|should|verify|ensure|check|must)(?:$|[A-Z_])/;

/** The tests of a script from its syntax tree; `undefined` if it has none, because it cannot be parsed. */
export function readScriptTests(path: string, text: string): readonly TestCase[] | undefined {
  const program = parseScript(path, text);
  if (program === undefined) return undefined;
  const cases: TestCase[] = [];
  walk(program, (node, parents) => {
    const test = testOf(node);
    if (test === undefined || test.suite) return true;
    const around = parents.flatMap((parent) => testOf(parent) ?? []);
    const off = test.off ?? around.findLast(({ off }) => off !== undefined)?.off;
    cases.push({
      name: [...around.map(({ name }) => name), test.name].join(" > "),
      line: node.line,
      body: text.slice(node.start, node.end),
      assertions: assertionsIn(node, text),
      ...(off === undefined ? {} : { off }),
    });
    return true;
  });
  return cases;
}

interface Declared {
  readonly name: string;
  readonly suite: boolean;
  readonly off?: TestCase["off"];
}

function testOf(node: SyntaxNode): Declared | undefined {
  if (node.type !== "CallExpression") return undefined;
  const chain = chainOf(node.node("callee"));
  const [root = "", ...members] = chain;
  const last = members.at(-1);
  // A test within a test: `t.test("…", fn)`, `t.it`; `Deno.test` too.
  const nested = last === "test" || last === "it" || last === "describe" ? last : undefined;
  const suite = SUITES.has(root) || (nested === "describe" && !TESTS.has(root));
  if (!suite && !TESTS.has(root) && nested === undefined) return undefined;
  const args = node.nodes("arguments");
  const body = args.findLast(isFunction);
  const named = args[0];
  const name = literalOf(named);
  const todo = members.includes("todo");
  // `test.each(table)` is the table's call; the one that carries the name and the function is the test.
  if (body === undefined && !(todo && name !== undefined)) {
    const skippedWithoutBody = (root.startsWith("x") || members.includes("skip")) && name !== undefined;
    if (!skippedWithoutBody) return undefined;
  }
  const off = switchOf(root, members) ?? optionOf(args) ?? (suite ? undefined : calledOff(body));
  return {
    name: name === undefined ? (named?.type === "TemplateLiteral" ? "template" : "") : unquote(name),
    suite,
    ...(off === undefined ? {} : { off }),
  };
}

function switchOf(root: string, members: readonly string[]): TestCase["off"] {
  if (members.includes("todo")) return "todo";
  if (members.includes("skip") || /^x(?:it|test|specify|describe|context)$/.test(root)) return "skip";
  if (members.includes("only") || /^f(?:it|test|describe|context)$/.test(root)) return "only";
  return undefined;
}

/** node:test's `{ skip: true }`. */
function optionOf(args: readonly SyntaxNode[]): TestCase["off"] {
  for (const options of args.filter(({ type }) => type === "ObjectExpression"))
    for (const member of options.nodes("properties")) {
      const name = member.node("key")?.get("name");
      const value = literalOf(member.node("value"));
      if ((name === "skip" || name === "only" || name === "todo") && value !== "false" && value !== undefined)
        return name;
    }
  return undefined;
}

/** `t.skip()`, `t.todo()` or `this.skip()` as a plain statement of the test: a condition around it is its own affair. */
function calledOff(body: SyntaxNode | undefined): TestCase["off"] {
  const statements = body?.node("body")?.nodes("body") ?? [];
  for (const statement of statements) {
    const chain = chainOf(statement.node("expression"));
    const last = chain.at(-1);
    if (statement.type !== "ExpressionStatement" || chain.length !== 2) continue;
    if (last === "skip" || last === "todo") return last;
  }
  return undefined;
}

function assertionsIn(test: SyntaxNode, text: string): readonly string[] {
  const found: string[] = [];
  walk(test, (node, parents) => {
    if (node !== test && testOf(node) !== undefined) return false;
    if (node.type === "ThrowStatement") found.push(evenOut(text.slice(node.start, node.end)));
    if (node.type !== "CallExpression" || !isAssertion(chainOf(node.node("callee")), parents)) return true;
    if (!cannotFail(node)) found.push(evenOut(text.slice(node.start, node.end)));
    // The rest of the chain, and what is asserted about, belong to this one.
    return false;
  });
  return found;
}

function isAssertion(chain: readonly string[], parents: readonly SyntaxNode[]): boolean {
  const [root = "", ...members] = chain;
  const last = members.at(-1) ?? "";
  if (ASSERTING_NAME.test(root)) return !(root === "expect" && last === "extend");
  if (members.some((name) => ASSERTING_NAME.test(name))) return true;
  if (members.includes("should")) return true;
  return /^(?:t|tap|assert|context|ctx)$/.test(root) && CONTEXT_ASSERTIONS.has(last) && parents.length > 0;
}

/** `expect(true).toBe(true)`, `assert.ok(1)`, `assert.equal(2, 2)`: nothing but literals. */
function cannotFail(node: SyntaxNode): boolean {
  const chain = chainOf(node.node("callee"));
  // What a helper of the project's does with literals is not known here.
  if (!/^(?:expect|assert|t|tap|chai)$/.test(chain[0] ?? "")) return false;
  if (chain.some((name) => /^(?:fail|unreachable|plan|assertions|hasAssertions)$/.test(name))) return false;
  const all: SyntaxNode[] = [];
  let call: SyntaxNode | undefined = node;
  while (call !== undefined) {
    if (call.type === "CallExpression") all.push(...call.nodes("arguments"));
    call = call.node("callee") ?? call.node("object");
  }
  return all.length > 0 && all.every((argument) => literalOf(argument) !== undefined);
}

function isFunction({ type }: SyntaxNode): boolean {
  return type === "ArrowFunctionExpression" || type === "FunctionExpression";
}

function unquote(literal: string): string {
  return literal.startsWith('"') ? (JSON.parse(literal) as string) : literal;
}
