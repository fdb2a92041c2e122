import { evenOut } from "../source/even-out.ts";
import { chainOf, type SyntaxNode } from "../source/syntax.ts";

/** What a module exports: each name with a text that changes when the way to use it does. */
export interface ModuleExports {
  readonly names: ReadonlyMap<string, ExportedName>;
  /** `export … from "./other"`: the names that are passed on (`as`), and everything (`*`). */
  readonly passedOn: readonly { readonly from: string; readonly name: string; readonly as: string }[];
}

/** One exported name. */
export interface ExportedName {
  readonly signature: string;
  readonly line: number;
  /** A comment stands just before it. */
  readonly documented: boolean;
}

/** The exports of a module, from its syntax tree. */
export function exportsOf(program: SyntaxNode, text: string): ModuleExports {
  const names = new Map<string, ExportedName>();
  const passedOn: { from: string; name: string; as: string }[] = [];
  const declared = declarationsIn(program, text);
  const add = (name: string, node: SyntaxNode, signature: string): void => {
    names.set(name, { signature, line: node.line, documented: hasComment(text, node.start) });
  };

  for (const statement of program.nodes("body")) {
    const from = statement.node("source")?.get("value");
    switch (statement.type) {
      case "ExportAllDeclaration":
        if (typeof from === "string") passedOn.push({ from, name: "*", as: "*" });
        break;
      case "ExportDefaultDeclaration": {
        const value = statement.node("declaration");
        if (value !== undefined)
          add(
            "default",
            statement,
            signatureOf(value, text) ?? declared.get(nameOf(value))?.signature ?? "value",
          );
        break;
      }
      case "ExportNamedDeclaration": {
        for (const [name, entry] of declaredBy(statement.node("declaration"), text))
          add(name, statement, entry.signature);
        for (const specifier of statement.nodes("specifiers")) {
          const local = nameOf(specifier.node("local") ?? specifier.node("exported"));
          const as = nameOf(specifier.node("exported"));
          if (typeof from === "string")
            passedOn.push({ from, name: specifier.type === "ExportNamespaceSpecifier" ? "*" : local, as });
          else {
            const entry = declared.get(local);
            names.set(as, entry ?? { signature: "value", line: specifier.line, documented: false });
          }
        }
        break;
      }
      case "ExpressionStatement":
        for (const [name, node] of commonJsExports(statement)) {
          const value = signatureOf(node, text) ?? declared.get(nameOf(node))?.signature ?? "value";
          const entry = declared.get(nameOf(node));
          names.set(name, {
            signature: value,
            line: node.line,
            documented: entry?.documented === true || hasComment(text, statement.start),
          });
        }
        break;
      default:
    }
  }
  return { names, passedOn };
}

function declarationsIn(program: SyntaxNode, text: string): Map<string, ExportedName> {
  const found = new Map<string, ExportedName>();
  for (const statement of program.nodes("body")) {
    const documented = hasComment(text, statement.start);
    for (const [name, { signature, line }] of declaredBy(statement, text))
      found.set(name, { signature, line, documented });
  }
  return found;
}

/** Names that a declaration introduces. */
function declaredBy(
  declaration: SyntaxNode | undefined,
  text: string,
): readonly (readonly [string, { signature: string; line: number }])[] {
  if (declaration === undefined) return [];
  if (declaration.type === "VariableDeclaration")
    return declaration.nodes("declarations").map((declarator) => {
      const id = declarator.node("id");
      const type = textOf(id?.node("typeAnnotation"), text);
      const value = declarator.node("init");
      const signature = type ?? (value === undefined ? undefined : signatureOf(value, text)) ?? "value";
      return [nameOf(id), { signature, line: declarator.line }] as const;
    });
  const signature = signatureOf(declaration, text);
  const name = nameOf(declaration.node("id"));
  return signature === undefined || name === "" ? [] : [[name, { signature, line: declaration.line }]];
}

/** `module.exports = { a, b }`, `module.exports = f`, `exports.a = …`. */
function commonJsExports(statement: SyntaxNode): readonly (readonly [string, SyntaxNode])[] {
  const assignment = statement.node("expression");
  if (assignment?.type !== "AssignmentExpression") return [];
  const chain = chainOf(assignment.node("left"));
  const value = assignment.node("right");
  if (value === undefined) return [];
  const path = chain[0] === "module" ? chain.slice(1) : chain;
  if (path[0] !== "exports") return [];
  if (path[1] !== undefined) return [[path[1], value]];
  if (value.type !== "ObjectExpression") return [["default", value]];
  return value.nodes("properties").flatMap((member) => {
    const name = nameOf(member.node("key"));
    const inner = member.node("value") ?? member;
    return name === "" ? [] : [[name, inner] as const];
  });
}

function signatureOf(node: SyntaxNode, text: string): string | undefined {
  switch (node.type) {
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression":
    case "ObjectMethod":
    case "ClassMethod":
    case "TSDeclareFunction":
    case "TSDeclareMethod": {
      const generics = textOf(node.node("typeParameters"), text) ?? "";
      const result = textOf(node.node("returnType"), text) ?? "";
      return `function${generics}(${node
        .nodes("params")
        .map((parameter) => parameterOf(parameter, text))
        .join(", ")})${result}`;
    }
    case "ClassDeclaration":
    case "ClassExpression": {
      const parent = textOf(node.node("superClass"), text);
      const members = (node.node("body")?.nodes("body") ?? []).flatMap((member) => {
        const name = nameOf(member.node("key"));
        const hidden =
          member.get("accessibility") === "private" ||
          member.type === "ClassPrivateProperty" ||
          member.type === "ClassPrivateMethod";
        if (hidden || name === "" || name.startsWith("_")) return [];
        const kind = member.get("static") === true ? "static " : "";
        return `${kind}${name}: ${signatureOf(member, text) ?? textOf(member.node("typeAnnotation"), text) ?? "value"}`;
      });
      return `class${parent === undefined ? "" : ` extends ${parent}`} { ${members.toSorted().join("; ")} }`;
    }
    case "TSInterfaceDeclaration":
    case "TSTypeAliasDeclaration":
    case "TSEnumDeclaration":
    case "TSModuleDeclaration":
      return `type ${evenOut(withoutComments(text.slice(node.start, node.end)))}`;
    default:
      return undefined;
  }
}

/** Only what a caller must know: not the parameter's name. */
function parameterOf(node: SyntaxNode, text: string): string {
  const type = textOf(node.node("typeAnnotation"), text) ?? "";
  switch (node.type) {
    case "AssignmentPattern": {
      const inner = node.node("left");
      return `${inner === undefined ? "" : parameterOf(inner, text)}?`;
    }
    case "RestElement":
      return `...${type}`;
    case "ObjectPattern": {
      if (type !== "") return type;
      const keys = node.nodes("properties").map((member) => nameOf(member.node("key")));
      return `{ ${keys.toSorted().join(", ")} }`;
    }
    default:
      return `_${node.get("optional") === true ? "?" : ""}${type}`;
  }
}

function nameOf(node: SyntaxNode | undefined): string {
  if (node === undefined) return "";
  const name = node.get("name") ?? node.get("value");
  return typeof name === "string" ? name : nameOf(node.node("id"));
}

function textOf(node: SyntaxNode | undefined, text: string): string | undefined {
  return node === undefined ? undefined : evenOut(withoutComments(text.slice(node.start, node.end)));
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, " ");
}

function hasComment(text: string, start: number): boolean {
  const before = text.slice(0, start).trimEnd();
  return before.endsWith("*/") || /(?:^|\n)\s*\/\/[^\n]*$/.test(before);
}
