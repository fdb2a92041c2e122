import path from "node:path";
import { kindOf } from "./module-facts.ts";
import { parseSync, type Statement } from "oxc-parser";

/** A name that a module gives. */
interface Export {
  readonly name: string;
  /** Its name in `module`. */
  readonly local: string;
  /** Where it comes from: a file from the root, or the name of another package. */
  readonly module: string;
}

/** The public declarations of a package. */
export interface PublicApi {
  /** Every exported declaration in the order of its name, without comments. */
  readonly text: string;
  /** What a public face must not have. */
  readonly faults: readonly string[];
}

/** Gives the declarations (`.d.ts`) of a source file. */
type Read = (module: string) => string;

/** Characters of a value's type that somebody would read. */
const LONGEST = 1000;

/** What the module `entry` exports, with the declarations that stand behind it. */
export function publicApi(entry: string, read: Read): PublicApi {
  const faults: string[] = [];
  const exported = exportsOf(entry, read, faults).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const blocks = exported.map(({ name, local, module }) => {
    if (!module.startsWith("packages/"))
      return `export { ${local === name ? name : `${local} as ${name}`} } from "${module}";`;
    const found = declarationsOf(local, module, read);
    if (found.length === 0) faults.push(`${name} is not declared in ${module}`);
    if (found.some((text) => /\bany\b/.test(text))) faults.push(`${name} has 'any' in its type`);
    return found.join("\n");
  });
  return { text: blocks.map((block) => `${block}\n`).join("\n"), faults };
}

function exportsOf(module: string, read: Read, faults: string[]): readonly Export[] {
  const text = read(module);
  return parse(module, text).module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ exportName, importName, moduleRequest }): readonly Export[] => {
      const name = exportName.name ?? "default";
      if (["All", "AllButDefault"].includes(kindOf(importName))) faults.push(`${module} exports *`);
      if (name === "default") faults.push(`${module} has a default export`);
      // `export {}` only says that the file is a module.
      if (kindOf(exportName) === "None") return [];
      if (moduleRequest === null) return [{ name, local: name, module }];
      const local = importName.name ?? name;
      const { value } = moduleRequest;
      if (!value.startsWith(".")) return [{ name, local, module: value }];
      return resolve(name, local, path.posix.join(path.posix.dirname(module), value), read);
    }),
  );
}

/** Follows re-exports to where a name is declared. */
function resolve(name: string, local: string, module: string, read: Read): readonly Export[] {
  const found = exportsOf(module, read, []).find((one) => one.name === local);
  return found === undefined ? [{ name, local, module }] : [{ ...found, name }];
}

/** The texts of the statements that declare a name: one, or several for overloads or a type and a value. */
function declarationsOf(name: string, module: string, read: Read): readonly string[] {
  const text = read(module);
  const { program, comments } = parse(module, text);
  return program.body
    .filter((statement) => namesOf(statement).includes(name))
    .map((statement) => shown(text, statement, comments));
}

function namesOf(statement: Statement): readonly string[] {
  const declared =
    statement.type === "ExportNamedDeclaration" && statement.declaration !== null
      ? statement.declaration
      : statement;
  if (declared.type === "VariableDeclaration")
    return declared.declarations.flatMap(({ id }) => (id.type === "Identifier" ? [id.name] : []));
  const hasName =
    declared.type === "ClassDeclaration" ||
    declared.type === "FunctionDeclaration" ||
    declared.type === "TSDeclareFunction" ||
    declared.type === "TSInterfaceDeclaration" ||
    declared.type === "TSTypeAliasDeclaration";
  return hasName && declared.id !== null ? [declared.id.name] : [];
}

function shown(
  text: string,
  { start, end }: { readonly start: number; readonly end: number },
  comments: readonly { readonly start: number; readonly end: number }[],
): string {
  let rest = "";
  let at = start;
  for (const comment of comments) {
    if (comment.start < at || comment.end > end) continue;
    rest += text.slice(at, comment.start);
    at = comment.end;
  }
  rest += text.slice(at, end);
  // The type of a database table is computed, and pages long.
  if (rest.length > LONGEST && rest.startsWith("export declare const"))
    rest = `${rest.slice(0, rest.indexOf("<"))}<…>;`;
  const lines = rest.split("\n").filter((line) => line.trim() !== "" && !/^\s*#private;$/.test(line));
  return lines.map((line) => line.trimEnd()).join("\n");
}

function parse(module: string, text: string): ReturnType<typeof parseSync> {
  return parseSync(module.replace(/\.ts$/, ".d.ts"), text);
}
