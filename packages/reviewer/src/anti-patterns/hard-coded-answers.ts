import type { Finding } from "@mnemosyne/core";
import { literalOf, walk, type SyntaxNode } from "../source/syntax.ts";
import { found, type ChangedSource, type Rule } from "./rule.ts";
import type { TestExample } from "./test-examples.ts";

/** A branch that gives a literal for literals: `if (a === 2 && b === 3) return 5`. */
interface SpecialCase {
  readonly line: number;
  readonly inputs: readonly string[];
  readonly answer: string;
}

const FUNCTIONS = new Set([
  "FunctionDeclaration",
  "FunctionExpression",
  "ArrowFunctionExpression",
  "ObjectMethod",
  "ClassMethod",
]);

/**
 * Code written to the tests instead of to the task: branches whose inputs and answers are just the tests' examples, a
 * function that ignores its arguments and returns what the test expects, and code that asks whether a test is running.
 */
export const hardCodedAnswers: Rule = (changed) => {
  if (changed.isTest) return [];
  return [
    ...testDetection(changed),
    ...(changed.tree === undefined ? [] : inFunctions(changed, changed.tree)),
  ];
};

const TEST_RUNNER =
  /\bprocess\.env(?:\.|\[\s*["'])(?:VITEST|JEST_WORKER_ID|NODE_TEST_CONTEXT|VITEST_\w+)\b|\bprocess\.env\.NODE_ENV\s*={2,3}\s*["']test["']|\bos\.environ.*PYTEST_CURRENT_TEST|["']pytest["']\s+in\s+sys\.modules|\btesting\.Testing\(\)/;

function testDetection(changed: ChangedSource): readonly Finding[] {
  return changed.delta.added.flatMap(({ line }) =>
    TEST_RUNNER.test(changed.lines[line - 1] ?? "")
      ? found(
          changed,
          "testDetection",
          "blocker",
          line,
          "The code behaves differently when a test is running.",
        )
      : [],
  );
}

function inFunctions(changed: ChangedSource, tree: SyntaxNode): readonly Finding[] {
  if (changed.examples.length === 0) return [];
  const findings: Finding[] = [];
  walk(tree, (node, parents) => {
    if (!FUNCTIONS.has(node.type)) return true;
    const name = functionName(node, parents.at(-1));
    const examples = changed.examples.filter(({ callee }) => name === undefined || callee === name);
    findings.push(...constantFunction(changed, node, examples), ...specialCases(changed, node, examples));
    return true;
  });
  return findings;
}

function functionName(node: SyntaxNode, parent: SyntaxNode | undefined): string | undefined {
  for (const named of [node.node("id"), node.node("key"), parent?.node("id"), parent?.node("key")]) {
    const name = named?.get("name");
    if (typeof name === "string") return name;
  }
  return undefined;
}

/** Takes arguments, uses none, returns a literal that a test expects of it. */
function constantFunction(
  changed: ChangedSource,
  node: SyntaxNode,
  examples: readonly TestExample[],
): readonly Finding[] {
  if (node.nodes("params").length === 0) return [];
  const body = node.node("body");
  const statements = body?.type === "BlockStatement" ? body.nodes("body") : [];
  const only = statements.length === 1 ? statements[0] : undefined;
  const answer =
    body?.type === "BlockStatement"
      ? only?.type === "ReturnStatement"
        ? literalOf(only.node("argument"))
        : undefined
      : literalOf(body);
  const line = only?.line ?? body?.line ?? node.line;
  if (answer === undefined || !changed.touches(line)) return [];
  const example = examples.find(({ expected }) => expected === answer);
  if (example === undefined) return [];
  return [
    found(
      changed,
      "hardCoded",
      "blocker",
      line,
      "The function ignores its arguments and returns what a test expects.",
      evidenceOf(example),
    ),
  ];
}

/**
 * Branches on literals that all come from the tests. A table of the domain (Roman numerals, status codes) has cases that
 * no test names, and a base case is about small numbers; neither is meant.
 */
function specialCases(
  changed: ChangedSource,
  node: SyntaxNode,
  examples: readonly TestExample[],
): readonly Finding[] {
  const cases: SpecialCase[] = [];
  walk(node, (inner) => {
    if (inner !== node && FUNCTIONS.has(inner.type)) return false;
    cases.push(...caseOf(inner));
    return true;
  });
  const fromTests = cases.flatMap((special) => {
    const example = examples.find(
      ({ inputs, expected }) =>
        expected === special.answer && special.inputs.every((input) => inputs.includes(input)),
    );
    return example === undefined ? [] : { special, example };
  });
  if (fromTests.length < cases.length) return [];
  return fromTests
    .filter(
      ({ special }) =>
        changed.touches(special.line) && (fromTests.length > 1 || !special.inputs.every(isBaseCase)),
    )
    .map(({ special, example }) =>
      found(
        changed,
        "hardCoded",
        "blocker",
        special.line,
        "The code answers a test's own example instead of working it out.",
        evidenceOf(example),
      ),
    );
}

function caseOf(node: SyntaxNode): readonly SpecialCase[] {
  if (node.type === "IfStatement")
    return caseFrom(node, node.node("test"), returned(node.node("consequent")));
  if (node.type === "ConditionalExpression")
    return caseFrom(node, node.node("test"), literalOf(node.node("consequent")));
  if (node.type === "SwitchCase") {
    const input = literalOf(node.node("test"));
    const answer = returned(node.nodes("consequent")[0]);
    return input === undefined || answer === undefined ? [] : [{ line: node.line, inputs: [input], answer }];
  }
  return [];
}

function caseFrom(
  node: SyntaxNode,
  test: SyntaxNode | undefined,
  answer: string | undefined,
): readonly SpecialCase[] {
  const inputs = comparedWith(test);
  return answer === undefined || inputs === undefined ? [] : [{ line: node.line, inputs, answer }];
}

function returned(node: SyntaxNode | undefined): string | undefined {
  const statement = node?.type === "BlockStatement" ? node.nodes("body")[0] : node;
  return statement?.type === "ReturnStatement" ? literalOf(statement.node("argument")) : undefined;
}

/** The literals of `a === 2 && b === 3`; `undefined` for any other condition. */
function comparedWith(test: SyntaxNode | undefined): readonly string[] | undefined {
  if (test?.type === "LogicalExpression" && test.get("operator") === "&&") {
    const [left, right] = [comparedWith(test.node("left")), comparedWith(test.node("right"))];
    return left === undefined || right === undefined ? undefined : [...left, ...right];
  }
  if (test?.type !== "BinaryExpression" || !/^={2,3}$/.test(String(test.get("operator")))) return undefined;
  const literal = literalOf(test.node("right")) ?? literalOf(test.node("left"));
  return literal === undefined ? undefined : [literal];
}

function isBaseCase(literal: string): boolean {
  return /^-?[0-2]$|^(?:null|true|false|""|\[\]|\{\})$|^"."$/.test(literal);
}

function evidenceOf({ callee, inputs, expected }: TestExample): string {
  return `${callee}(${inputs.join(", ")}) is ${expected} in a test`;
}
