import { HOLDS, NO_CLAIM, refuted, type Checked, type ClaimContext } from "./claim.ts";
import type { Named } from "./classify.ts";
import { isBuiltIn } from "./builtin-names.ts";
import type { Sentence } from "./document.ts";
import type { Mention } from "./mentions.ts";
import { isAsserted, type Mood } from "./mood.ts";
import type { Repository } from "./repository.ts";
import { wholeWord } from "../source/whole-word.ts";

type SymbolNamed = Extract<Named, { kind: "symbol" }>;

const NOUN = String.raw`(?:function|method|class|helper|constant|variable|type|interface|component|hook|enum|export|property|field|parameter|argument|decorator|struct|trait|getter|setter|constructor|callback|handler|selector|reducer|mixin|macro)s?`;
const NOUN_AFTER = new RegExp(`^\\s+(?:\\w+\\s+)?${NOUN}\\b`, "i");
const NOUN_BEFORE = new RegExp(`\\b${NOUN}\\s*(?:named|called)?\\s*:?\\s*$`, "i");
const MADE =
  /(?:\b(?:added|created|wrote|written|introduced|implemented|extracted|exported|defined)|(?:^|^\W+|\b(?:I|we|and|then|also)\s+)(?:adds?|creates?|introduces?|implements?|extracts?|exports?|defines?))(?:\s+(?:the|a|an|new|small|helper|function|method|class|constant|type|interface|hook|component|missing|pure|private|public|exported|and|,|_+))*\s*$/i;
const DROPPED =
  /\b(?:delet(?:ed?|es)|remov(?:ed?|es)|dropped)(?:\s+(?:the|a|an|old|unused|dead|obsolete|helper|function|method|class|constant|type|interface|hook|component|now|and|,|_+))*\s*$/i;
const RENAMED_TO = /\brenam\w*\b.*\bto\s*$|\b(?:into|→|->)\s*$/i;

/** True if the words around a plain word say that it names something in the code. */
export function isCalledSymbol(mood: Mood): boolean {
  return NOUN_AFTER.test(mood.after) || NOUN_BEFORE.test(mood.before);
}

/** That a name stands in the code: somewhere, or in the file that is named with it. */
export async function checkSymbol(
  context: ClaimContext,
  sentence: Sentence,
  mention: Mention,
  { chain, certain }: SymbolNamed,
  mood: Mood,
  /** The file that the words place it in. */
  place: string | undefined,
): Promise<Checked> {
  if (!isAsserted(mood)) return NO_CLAIM;
  if (!certain && !isCalledSymbol(mood)) return NO_CLAIM;
  const { repository, subject } = context;
  const parts = chain.filter(
    (part) => part !== "this" && part !== "self" && part !== "cls" && part !== "prototype",
  );
  const last = parts.at(-1);
  if (last === undefined) return NO_CLAIM;
  // `clear()` may be any object's; said to stand in a file, it is the project's own.
  const own = place !== undefined && parts.length === 1 && (await repository.filesWith(last)).length > 0;
  if (isBuiltIn(chain) && !own && !(await isOwnClass(context, parts))) return NO_CLAIM;
  const label = mention.text;
  if (context.document === undefined && DROPPED.test(mood.before) && certain) {
    const declared = await repository.declarationsOf(last);
    if (declared.length > 0 && parts.length === 1)
      return refuted(
        context,
        "notRemoved",
        sentence,
        `'${label}' is still there.`,
        `declared in ${declared.map(({ path }) => path).join(", ")}`,
      );
  }

  const holders = await holdersOf(context, await withoutExampleName(context, parts));
  if (holders.length === 0) {
    const made = MADE.test(mood.before) || RENAMED_TO.test(mood.before);
    if (!made && parts.every((part) => repository.heldBefore(part))) return HOLDS;
    if (parts.length > 1 && (await repository.package(parts[0] ?? "")) !== undefined) return HOLDS;
    return refuted(
      context,
      "symbol",
      sentence,
      `'${label}' does not exist in the code.`,
      `looked for ${parts.join(" and ")} as whole words in all source files, comments and documents left out`,
    );
  }

  if (place !== undefined) {
    const now = await repository.textOf(place);
    const before = await repository.textBefore(place);
    const inside = parts.every(
      (part) => wholeWord(part).test(now ?? "") || (mood.past && wholeWord(part).test(before ?? "")),
    );
    if (!inside)
      return refuted(
        context,
        "symbolPlace",
        sentence,
        `'${label}' does not stand in '${place}'.`,
        `it stands in ${holders.slice(0, 5).join(", ")}`,
      );
  }
  if (MADE.test(mood.before) && context.document === undefined) {
    const changed = new Set(subject.changes.map(({ path }) => path));
    if (!holders.some((path) => changed.has(path)))
      return refuted(
        context,
        "notChanged",
        sentence,
        `'${label}' was not added by this task: no file that holds it was changed.`,
        `it stands in ${holders.slice(0, 5).join(", ")}`,
      );
  }
  return HOLDS;
}

const TEST_AFTER = /^\s+(?:unit\s+|regression\s+)?(?:test|case)\b/i;
const TEST_BEFORE = /\btests?(?:\s+cases?)?\s*(?:named|called|,|:)?\s*$/i;

/** "the test `adds two numbers`": a test of that name stands in the code. */
export async function checkTestName(
  context: ClaimContext,
  sentence: Sentence,
  name: string,
  mood: Mood,
): Promise<Checked> {
  if (!isAsserted(mood) || !(TEST_AFTER.test(mood.after) || TEST_BEFORE.test(mood.before))) return NO_CLAIM;
  const holders = await context.repository.filesWith(name);
  if (holders.length > 0 || context.repository.heldBefore(name)) return HOLDS;
  return refuted(
    context,
    "test",
    sentence,
    `There is no test '${name}'.`,
    "looked for these words in all source files",
  );
}

/** A class of the project whose members are known has only those, whatever other objects have. */
async function isOwnClass(
  { repository }: ClaimContext,
  [owner = "", member]: readonly string[],
): Promise<boolean> {
  return (
    member !== undefined &&
    (await repository.declarationsOf(owner)).some(({ members }) => members !== undefined)
  );
}

/** `queue.push()`: a variable that stands for any object of its kind need not be in the code; its member has to be. */
async function withoutExampleName(
  { repository }: ClaimContext,
  parts: readonly string[],
): Promise<readonly string[]> {
  const [root = "", ...members] = parts;
  const standsFor = members.length === 1 && /^[a-z][A-Za-z\d]*$/.test(root);
  return standsFor && (await repository.filesWith(root)).length === 0 ? members : parts;
}

/** Files that hold every part of a chain; a member must stand where its owner is declared. */
async function holdersOf({ repository }: ClaimContext, parts: readonly string[]): Promise<readonly string[]> {
  const [owner = "", member] = parts;
  const module = await moduleHolding(repository, parts);
  if (module !== undefined) return [module];
  let holders = await repository.filesWith(owner);
  const owners = holders;
  for (const part of parts.slice(1)) {
    const files = await repository.filesWith(part);
    holders = holders.filter((path) => files.includes(path));
    // `details.members`: what carries a member may be filled in one file and read in another.
    if (holders.length === 0 && /^[a-z]/.test(owner) && files.length > 0) return [...owners, ...files];
  }
  if (member === undefined || holders.length === 0 || /^[a-z]/.test(owner)) return holders;
  const declaring = await repository.declarationsOf(owner);
  if (declaring.length === 0) return holders;
  const used = await repository.filesWith(`${owner}.${member}`);
  const declared = declaring.filter(({ path, members }) => members?.has(member) ?? holders.includes(path));
  return [...new Set([...used, ...declared.map(({ path }) => path)])];
}

/** `relay.queue.push` of Python: the file `relay/queue.py`, which holds `push`. */
async function moduleHolding(repository: Repository, parts: readonly string[]): Promise<string | undefined> {
  for (let count = parts.length; count >= 1; count--) {
    const stem = parts.slice(0, count).join("/");
    for (const file of [`${stem}.py`, `${stem}/__init__.py`]) {
      const [place] = await repository.find(file);
      if (place === undefined) continue;
      const text = (await repository.textOf(place)) ?? "";
      if (parts.slice(count).every((part) => wholeWord(part).test(text))) return place;
    }
  }
  return undefined;
}
