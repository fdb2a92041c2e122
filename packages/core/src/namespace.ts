import { MnemosyneError } from "./errors.ts";
import type { Branded } from "./ids.ts";

/**
 * Where a memory belongs: `global`, `project:<name>` or `session:<project>:<id>`. It is its own text:
 * `String(namespace)` and JSON give that form.
 */
export type Namespace = Branded<"Namespace">;

/** What calls accept: a checked namespace or its text, which is checked at the edge. */
export type NamespaceInput = Namespace | string;

/** The parts of a namespace. */
export type NamespaceParts =
  | { readonly kind: "global" }
  | { readonly kind: "project"; readonly project: string }
  | { readonly kind: "session"; readonly project: string; readonly session: string };

// A name has 1-128 characters without ':', white space, control characters or halves of surrogate pairs: databases write
// these all alike, and two namespaces would become one.
// oxlint-disable-next-line no-control-regex -- control characters are what it refuses
const NAME = /^[^:\s\u0000-\u001f\u007f-\u009f\ud800-\udfff]{1,128}$/u;
// oxlint-disable-next-line no-control-regex -- control characters are what it replaces
const FORBIDDEN = /[:\s\u0000-\u001f\u007f-\u009f\ud800-\udfff]/gu;

function checkName(what: string, name: string): string {
  if (NAME.test(name)) return name;
  throw new MnemosyneError(
    "E_INPUT",
    `${what} '${name}' is not a legal name; use 1 to 128 characters without ':', white space or control characters.`,
    { kind: "input", path: "namespace" },
  );
}

/** Makes and reads namespaces. A search in a session sees its project and global; in a project also global; never a sibling. */
export const Namespace = {
  global: (): Namespace => "global" as Namespace,
  /** Throws `E_INPUT` for an illegal name. */
  project: (name: string): Namespace => `project:${checkName("The project name", name)}` as Namespace,
  /** Throws `E_INPUT` for an illegal name. */
  session: (project: string, id: string): Namespace =>
    `session:${checkName("The project name", project)}:${checkName("The session id", id)}` as Namespace,
  /** Checks a text. Throws `E_INPUT` that says which forms are legal. */
  parse(value: string): Namespace {
    const [kind, first, second, ...rest] = value.split(":");
    if (kind === "global" && first === undefined) return Namespace.global();
    if (kind === "project" && first !== undefined && second === undefined) return Namespace.project(first);
    if (kind === "session" && first !== undefined && second !== undefined && rest.length === 0)
      return Namespace.session(first, second);
    throw new MnemosyneError(
      "E_INPUT",
      `'${value}' is not a namespace; use 'global', 'project:<name>' or 'session:<project>:<id>'.`,
      { kind: "input", path: "namespace" },
    );
  },
  /** The parts of a checked namespace. */
  parts(namespace: Namespace): NamespaceParts {
    const [kind, project = "", session = ""] = namespace.split(":");
    if (kind === "session") return { kind, project, session };
    if (kind === "project") return { kind, project };
    return { kind: "global" };
  },
  /** The namespace and those it inherits from, nearest first: session, its project, global. */
  visible(namespace: Namespace): readonly Namespace[] {
    const parts = Namespace.parts(namespace);
    if (parts.kind === "session") return [namespace, Namespace.project(parts.project), Namespace.global()];
    if (parts.kind === "project") return [namespace, Namespace.global()];
    return [namespace];
  },
  /** A legal name made from any text, e.g. a folder's name: forbidden characters become `-`; at most 128 characters. */
  nameFrom(text: string): string {
    const name = text.replace(FORBIDDEN, "-").slice(0, 128);
    return name === "" ? "-" : name;
  },
} as const;
