import { EventEmitter } from "node:events";

const FRAMEWORK =
  "describe it test suite expect assert vi jest beforeEach afterEach beforeAll afterAll before after mock window document localStorage " +
  "sessionStorage navigator location history React require module exports __dirname __filename import Deno Bun pytest unittest self cls " +
  "this super println dbg vec fmt errors testing std";
const PYTHON =
  "abs all any ascii bin bool bytes callable chr dict dir divmod enumerate eval exec filter float format frozenset getattr hasattr hash hex id " +
  "input int isinstance issubclass iter len list map max min next object open ord pow print property range repr reversed round set setattr " +
  "sorted staticmethod classmethod str sum super tuple type vars zip ValueError TypeError KeyError IndexError AttributeError RuntimeError " +
  "NotImplementedError StopIteration OSError IOError FileNotFoundError ZeroDivisionError ImportError NameError append extend items keys values";
const TYPES =
  "Partial Required Readonly Record Pick Omit Exclude Extract NonNullable Parameters ReturnType Awaited Iterable AsyncIterable IterableIterator PropertyKey ArrayLike PromiseLike JSX HTMLElement Option Result String Vec Box";
const ENVIRONMENT =
  "NODE_ENV NODE_OPTIONS NO_COLOR FORCE_COLOR NODE_PATH TMPDIR XDG_CONFIG_HOME GITHUB_TOKEN GITHUB_ACTIONS";
const KNOWN = new Set(`${FRAMEWORK} ${PYTHON} ${TYPES} ${ENVIRONMENT}`.split(" "));

const PROTOTYPES: readonly object[] = [
  Array.prototype,
  String.prototype,
  Map.prototype,
  Set.prototype,
  Promise.prototype,
  Object.prototype,
  Number.prototype,
  Date.prototype,
  RegExp.prototype,
  Function.prototype,
  Error.prototype,
  Buffer.prototype,
  AbortSignal.prototype,
  EventTarget.prototype,
  EventEmitter.prototype,
];

/** True for names that JavaScript, Node, Python or common test frameworks bring with them: `Array.isArray`, `fs.readFile`, `len`. */
export function isBuiltIn(chain: readonly string[]): boolean {
  const [root = "", ...members] = chain;
  const last = chain.at(-1) ?? "";
  if (root === "this" || root === "self") return false;
  if (KNOWN.has(root) || /^ERR_[A-Z\d_]+$/.test(last)) return true;
  if (
    chain.join(".") === `process.env.${last}` &&
    /^(?:CI|PATH|HOME|USER|SHELL|LANG|TZ|DEBUG|PORT)$/.test(last)
  )
    return true;
  const owner: unknown =
    root in globalThis ? (globalThis as Record<string, unknown>)[root] : nodeModule(root);
  if (owner !== undefined) return members.length === 0 || hasMember(owner, members);
  // `items.map()`: any object, with a method that all of its kind have.
  return (
    PROTOTYPES.some((prototype) => last in prototype) &&
    (members.length > 0 || /[a-z][A-Z]|^[a-z]+$/.test(last))
  );
}

function hasMember(owner: unknown, members: readonly string[]): boolean {
  const [name = "", ...rest] = members;
  if (owner === null || (typeof owner !== "object" && typeof owner !== "function")) return false;
  // The environment's variables are the project's own.
  if (owner === process.env) return false;
  for (const holder of [owner, (owner as { prototype?: unknown }).prototype])
    if (typeof holder === "object" || typeof holder === "function")
      if (holder !== null && name in holder) {
        if (rest.length === 0) return true;
        const next = readMember(holder, name);
        return next === undefined || hasMember(next, rest);
      }
  return false;
}

function readMember(holder: object, name: string): unknown {
  try {
    return (holder as Record<string, unknown>)[name];
  } catch {
    // A getter of a prototype that wants an instance: the name is there, and no more can be known.
    return undefined;
  }
}

function nodeModule(name: string): unknown {
  // Looking at a module must not load code of the workspace; only Node's own are ever answered here.
  return /^[a-z]\w*$/.test(name) ? process.getBuiltinModule(name) : undefined;
}
