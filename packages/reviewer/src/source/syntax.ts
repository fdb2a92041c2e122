import { parse, type ParserPlugin } from "@babel/parser";
import { extensionOf } from "./language.ts";

/** A node of a JavaScript or TypeScript syntax tree (the ESTree-like form of @babel/parser). */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly line: number;
  /** A member of the node: a node, a list of nodes, or a plain value. */
  get(name: string): unknown;
  node(name: string): SyntaxNode | undefined;
  nodes(name: string): readonly SyntaxNode[];
  children(): readonly SyntaxNode[];
}

/** The syntax tree of a script, or `undefined` for a text that cannot be parsed at all. */
export function parseScript(path: string, text: string): SyntaxNode | undefined {
  const file = parseFile(path, text, false);
  return file === undefined ? undefined : wrap(file.program);
}

/** Where comments and strings (text in JSX too) stand in a script, or `undefined` for one that cannot be parsed. */
export function readScriptSegments(
  path: string,
  text: string,
): { readonly comments: readonly Span[]; readonly strings: readonly Span[] } | undefined {
  const file = parseFile(path, text, true);
  if (file === undefined) return undefined;
  const strings = (file.tokens ?? []).filter((token: unknown) => {
    const { type } = token as { readonly type: string | { readonly label: string } };
    return typeof type === "object" && /^(?:string|template|regexp|jsxText)$/.test(type.label);
  });
  return { comments: spans(file.comments ?? []), strings: spans(strings) };
}

function spans(items: readonly unknown[]): readonly Span[] {
  return items.filter(isNode).map(({ start, end, loc }) => ({ start, end, line: loc.start.line }));
}

/** A stretch of a text. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly line: number;
}

function parseFile(path: string, text: string, tokens: boolean): ReturnType<typeof parse> | undefined {
  const extension = extensionOf(path);
  const plugins: ParserPlugin[] = ["decorators", "explicitResourceManagement"];
  if (/^[cm]?ts$/.test(extension)) plugins.push("typescript");
  else if (extension === "tsx") plugins.push("typescript", "jsx");
  else plugins.push("jsx");
  try {
    return parse(text, {
      sourceType: "unambiguous",
      allowReturnOutsideFunction: true,
      allowAwaitOutsideFunction: true,
      errorRecovery: true,
      tokens,
      plugins,
    });
  } catch {
    // A text with a syntax error: callers fall back on what can be read without a tree.
    return undefined;
  }
}

/** Calls `visit` for a node and all below it, parents first. Where it returns `false` the node's parts are left out. */
export function walk(
  node: SyntaxNode,
  visit: (node: SyntaxNode, parents: readonly SyntaxNode[]) => boolean,
  parents: readonly SyntaxNode[] = [],
): void {
  if (!visit(node, parents)) return;
  const below = [...parents, node];
  for (const child of node.children()) walk(child, visit, below);
}

/** `a.b.c` as its names, from the root on; empty for anything that is not a plain chain. Calls in between are seen through. */
export function chainOf(node: SyntaxNode | undefined): readonly string[] {
  if (node === undefined) return [];
  switch (node.type) {
    case "Identifier":
      return [String(node.get("name"))];
    case "ThisExpression":
      return ["this"];
    case "MemberExpression":
    case "OptionalMemberExpression": {
      const outer = chainOf(node.node("object"));
      const property = node.node("property");
      if (outer.length === 0 || property?.type !== "Identifier" || node.get("computed") === true)
        return outer;
      return [...outer, String(property.get("name"))];
    }
    case "CallExpression":
    case "OptionalCallExpression":
    case "TaggedTemplateExpression":
      return chainOf(node.node("callee") ?? node.node("tag"));
    case "AwaitExpression":
      return chainOf(node.node("argument"));
    case "TSNonNullExpression":
    case "TSAsExpression":
      return chainOf(node.node("expression"));
    default:
      return [];
  }
}

/** The value of a literal (string, number, boolean, null, template without parts), as JSON; `undefined` for others. */
export function literalOf(node: SyntaxNode | undefined): string | undefined {
  if (node === undefined) return undefined;
  switch (node.type) {
    case "StringLiteral":
    case "NumericLiteral":
    case "BooleanLiteral":
      return JSON.stringify(node.get("value"));
    case "BigIntLiteral":
      return String(node.get("value"));
    case "NullLiteral":
      return "null";
    case "TemplateLiteral": {
      if (node.nodes("expressions").length > 0) return undefined;
      const value = node.nodes("quasis")[0]?.get("value") as { cooked?: string } | undefined;
      return JSON.stringify(value?.cooked ?? "");
    }
    case "UnaryExpression": {
      const inner = literalOf(node.node("argument"));
      return inner === undefined || node.get("operator") !== "-" ? undefined : `-${inner}`;
    }
    case "ArrayExpression": {
      const items = node.nodes("elements").map(literalOf);
      return items.includes(undefined) ? undefined : `[${items.join(",")}]`;
    }
    case "ObjectExpression": {
      const members = node.nodes("properties").map((member) => {
        const value = literalOf(member.node("value"));
        const key = member.node("key");
        const name = key?.type === "Identifier" ? JSON.stringify(key.get("name")) : literalOf(key);
        return value === undefined || name === undefined ? undefined : `${name}:${value}`;
      });
      return members.includes(undefined)
        ? undefined
        : `{${members.toSorted((a, b) => ((a ?? "") < (b ?? "") ? -1 : 1)).join(",")}}`;
    }
    default:
      return undefined;
  }
}

type RawNode = Readonly<Record<string, unknown>> & {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly loc: { readonly start: { readonly line: number } };
};

const NOT_PARTS = new Set(["loc", "leadingComments", "trailingComments", "innerComments", "extra", "errors"]);

function isNode(value: unknown): value is RawNode {
  return typeof value === "object" && value !== null && "type" in value && "loc" in value;
}

function wrap(raw: unknown): SyntaxNode | undefined {
  if (!isNode(raw)) return undefined;
  const listOf = (value: unknown): SyntaxNode[] =>
    (Array.isArray(value) ? value : [value]).flatMap((item: unknown) => wrap(item) ?? []);
  return {
    type: raw.type,
    start: raw.start,
    end: raw.end,
    line: raw.loc.start.line,
    get: (name) => raw[name],
    node: (name) => wrap(raw[name]),
    nodes: (name) => (Array.isArray(raw[name]) ? listOf(raw[name]) : []),
    children: () =>
      Object.entries(raw).flatMap(([name, value]) => (NOT_PARTS.has(name) ? [] : listOf(value))),
  };
}
