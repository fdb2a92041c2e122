import { EventEmitter } from "node:events";
import { walk, type SyntaxNode } from "./syntax.ts";

/**
 * Names of the members of a class or an interface in a script; `undefined` if it is not declared there, or may have
 * members that do not stand in its body (it inherits, is a variable, or has computed names).
 */
export function membersOf(program: SyntaxNode | undefined, name: string): ReadonlySet<string> | undefined {
  if (program === undefined) return undefined;
  let found: ReadonlySet<string> | undefined;
  walk(program, (node) => {
    const declares = /^(?:ClassDeclaration|TSInterfaceDeclaration)$/.test(node.type);
    if (declares && node.node("id")?.get("name") === name) found = ownMembers(node);
    return found === undefined;
  });
  return found;
}

/** Classes of the platform that projects often extend. */
const KNOWN_PARENTS: Readonly<Record<string, object>> = {
  Error: Error.prototype,
  TypeError: TypeError.prototype,
  RangeError: RangeError.prototype,
  EventEmitter: EventEmitter.prototype,
  EventTarget: EventTarget.prototype,
  Map: Map.prototype,
  Set: Set.prototype,
  Array: Array.prototype,
};

function ownMembers(declaration: SyntaxNode): ReadonlySet<string> | undefined {
  if (declaration.nodes("extends").length > 0) return undefined;
  const names = new Set<string>(["name", "prototype", "constructor"]);
  const parent = declaration.node("superClass");
  if (parent !== undefined) {
    const known = KNOWN_PARENTS[String(parent.get("name"))];
    if (known === undefined) return undefined;
    for (let at: object | null = known; at !== null; at = Object.getPrototypeOf(at) as object | null)
      for (const name of Object.getOwnPropertyNames(at)) names.add(name);
    if (known === Error.prototype || known instanceof Error)
      for (const name of ["message", "cause", "stack"]) names.add(name);
  }
  for (const member of declaration.node("body")?.nodes("body") ?? []) {
    const key = member.node("key");
    const name = key?.get("name") ?? key?.get("value") ?? key?.node("id")?.get("name");
    if (typeof name !== "string" || member.get("computed") === true) return undefined;
    names.add(name);
    // Constructor parameters with a modifier are members, too.
    for (const parameter of member.nodes("params")) {
      const own =
        parameter.type === "TSParameterProperty" ? parameter.node("parameter")?.get("name") : undefined;
      if (typeof own === "string") names.add(own);
    }
    // What the constructor assigns to `this` is a member.
    walk(member, (node) => {
      const left = node.type === "AssignmentExpression" ? node.node("left") : undefined;
      const assigned =
        left?.node("object")?.type === "ThisExpression" ? left.node("property")?.get("name") : undefined;
      if (typeof assigned === "string") names.add(assigned);
      return true;
    });
  }
  return names;
}
