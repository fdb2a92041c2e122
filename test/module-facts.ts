import path from "node:path";
import { parseSync, Visitor } from "oxc-parser";
import { exists, readText } from "./repository.ts";

/** What a check needs to know of a module. */
export interface ModuleFacts {
  /** Specifiers of imports, re-exports and `import()` with a literal, types included. */
  readonly imports: readonly string[];
  readonly hasDefaultExport: boolean;
  /** `export * from "…"`. */
  readonly starExports: readonly string[];
  /** Lines of `catch` blocks that neither do anything nor say why. */
  readonly silentCatches: readonly number[];
  /** Uses of names and members, such as `Date.now`, `process.env`, `new Date()`, with their lines. */
  readonly uses: readonly { readonly name: string; readonly line: number }[];
}

const known = new Map<string, ModuleFacts>();

/** Reads a TypeScript or JavaScript file of the repository, or the text that is given for it. */
export function factsOf(file: string, text?: string): ModuleFacts {
  if (text !== undefined) return parse(file, text);
  let facts = known.get(file);
  if (facts === undefined) {
    facts = parse(file, readText(file));
    known.set(file, facts);
  }
  return facts;
}

function parse(file: string, text: string): ModuleFacts {
  const { module, program, comments, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message ?? ""}`);
  const exported = module.staticExports.flatMap(({ entries }) => entries);
  const dynamic = module.dynamicImports.flatMap(({ moduleRequest }) => {
    const [, literal] = /^["'](.*)["']$/.exec(text.slice(moduleRequest.start, moduleRequest.end)) ?? [];
    return literal === undefined ? [] : [literal];
  });
  const uses: { name: string; line: number }[] = [];
  const note = (name: string, at: number): void => {
    uses.push({ name, line: text.slice(0, at).split("\n").length });
  };
  const silentCatches: number[] = [];
  const names = new Set<number>();
  const isName = ({ key, computed }: { key: { start: number }; computed: boolean }): void => {
    if (!computed) names.add(key.start);
  };
  new Visitor({
    Property: isName,
    PropertyDefinition: isName,
    MethodDefinition: isName,
    TSPropertySignature: isName,
    TSMethodSignature(node) {
      isName(node);
      for (const parameter of node.params) names.add(parameter.start);
    },
    TSFunctionType(node) {
      for (const parameter of node.params) names.add(parameter.start);
    },
    CatchClause({ body }) {
      const said = comments.some(({ start }) => start > body.start && start < body.end);
      if (body.body.length === 0 && !said) silentCatches.push(text.slice(0, body.start).split("\n").length);
    },
    NewExpression(node) {
      if (node.callee.type === "Identifier" && node.arguments.length === 0) {
        note(`new ${node.callee.name}()`, node.start);
      }
    },
    MemberExpression(node) {
      if (node.computed) return;
      names.add(node.property.start);
      if (node.object.type === "Identifier" && node.property.type === "Identifier") {
        note(`${node.object.name}.${node.property.name}`, node.start);
      }
    },
    Identifier(node) {
      // What only names a member is no use of the global of that name.
      if (!names.has(node.start)) note(node.name, node.start);
    },
  }).visit(program);
  return {
    imports: [
      ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
      ...exported.flatMap(({ moduleRequest }) => (moduleRequest === null ? [] : [moduleRequest.value])),
      ...dynamic,
    ],
    hasDefaultExport: exported.some(({ exportName }) => kindOf(exportName) === "Default"),
    starExports: exported.flatMap(({ importName, moduleRequest }) =>
      kindOf(importName) === "AllButDefault" && moduleRequest !== null ? [moduleRequest.value] : [],
    ),
    silentCatches,
    uses,
  };
}

/** The parser declares its kinds as an enum, and gives strings. */
export function kindOf({ kind }: { readonly kind: string }): string {
  return kind;
}

/** Files that are reached from these by relative imports, themselves included. */
export function reachableFrom(files: readonly string[]): readonly string[] {
  const found = new Set(files);
  for (const file of found) {
    for (const specifier of factsOf(file).imports) {
      if (!specifier.startsWith(".")) continue;
      const target = path.posix.join(path.posix.dirname(file), specifier);
      if (exists(target)) found.add(target);
    }
  }
  return [...found].toSorted();
}

/** Name of the package that a bare specifier belongs to. */
export function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
