import type { Checked, ClaimContext } from "./claim.ts";
import { HOLDS, NO_CLAIM, refuted, sumChecked } from "./claim.ts";
import type { CodeBlock, Sentence } from "./document.ts";
import { FILE_ENDINGS, mentionsIn } from "./mentions.ts";
import { classify } from "./classify.ts";
import { evenOut } from "../source/even-out.ts";
import { isAsserted, moodOf } from "./mood.ts";

/** What stands in place of lines that a quotation leaves out. */
const LEFT_OUT =
  /^\s*(?:\/\/|#|--|\/\*|<!--)?\s*(?:\.{3}|…)[^\n]*$|^\s*(?:\/\/|#)\s*(?:snip|omitted|unchanged|rest)\b.*$/i;

/** A fenced block that is labelled with a file: its text must occur there. */
export async function checkQuotedBlock(context: ClaimContext, block: CodeBlock): Promise<Checked> {
  const path = labelOf(block);
  if (path === undefined) return NO_CLAIM;
  const { repository } = context;
  const places = await repository.find(path);
  const past = /\b(?:before|was|were|old|previous\w*|originally|removed|used\s+to|replaced)\b/i.test(
    block.lead,
  );
  if (
    /\b(?:should|would|could|will|example|suggest\w*|propos\w*|instead\s+of|e\.g|might|like\s+this|planned|next)\b/i.test(
      block.lead,
    )
  )
    return NO_CLAIM;
  const now = await Promise.all(places.map((place) => repository.textOf(place)));
  const then = await Promise.all(
    (places.length === 0 ? [path] : places).map((place) => repository.textBefore(place)),
  );
  const sentence = { text: `${path}: ${firstLine(block.text)}`, line: block.line };
  if (places.length === 0 && !(past && (await repository.existed(path))))
    return refuted(
      context,
      "path",
      sentence,
      `'${path}' does not exist.`,
      `looked for ${path} in the workspace`,
    );

  if (/^(?:diff|patch)\b/.test(block.info)) return checkDiff(context, block, path, now, then);
  const sides = past ? [...now, ...then] : now;
  const missing = piecesOf(block.text).find(
    (piece) => !sides.some((text) => text !== undefined && evenOut(text).includes(evenOut(piece))),
  );
  return missing === undefined
    ? HOLDS
    : refuted(
        context,
        "quote",
        sentence,
        `'${path}' does not hold the text that is quoted from it.`,
        `not found: ${firstLine(missing)}`,
      );
}

function checkDiff(
  context: ClaimContext,
  block: CodeBlock,
  path: string,
  now: readonly (string | undefined)[],
  then: readonly (string | undefined)[],
): Checked {
  for (const line of block.text.split("\n")) {
    if (/^(?:\+\+\+|---|@@|diff |index )/.test(line) || line.slice(1).trim() === "") continue;
    const wrong = line.startsWith("+")
      ? !holds(now, line.slice(1))
      : line.startsWith("-")
        ? !holds(then, line.slice(1))
        : false;
    if (wrong)
      return refuted(
        context,
        "quote",
        { text: `${path}: ${line}`, line: block.line },
        `'${path}' does not hold the line that is quoted from it.`,
        `not found ${line.startsWith("+") ? "now" : "before"}: ${line.slice(1).trim()}`,
      );
  }
  return HOLDS;
}

/** True if any of the texts holds the line, whatever its white space. */
function holds(texts: readonly (string | undefined)[], line: string): boolean {
  return texts.some((text) => text !== undefined && evenOut(text).includes(evenOut(line)));
}

const SAYS =
  /^\s*(?:(?:file|now|also|already|still)\s+)*(?:says?|said|reads?|contains?|states?|stated|includes?|has\s+the\s+(?:line|text|heading)|mentions?|documents?|defines?|sets?|shows?|starts?\s+with|begins?\s+with|ends?\s+with)\b[^"“”]{0,40}["“]([^"“”]{4,})["”]/i;

/** "`README.md` says "…"": the words must stand in that file. */
export async function checkSaid(context: ClaimContext, sentence: Sentence): Promise<Checked> {
  const checks: Checked[] = [];
  for (const mention of mentionsIn(sentence)) {
    const named = classify(mention);
    if (named?.kind !== "path") continue;
    const quote = SAYS.exec(sentence.text.slice(mention.end))?.[1];
    if (quote === undefined) continue;
    const mood = moodOf(sentence, mention.start, mention.end);
    if (!isAsserted(mood)) continue;
    const places = await context.repository.find(named.path);
    if (places.length === 0) continue;
    const told = mood.past || /\b(?:said|stated)\b/.test(mood.after);
    const texts: (string | undefined)[] = [];
    for (const place of places) {
      texts.push(await context.repository.textOf(place));
      if (told) texts.push(await context.repository.textBefore(place));
    }
    const wanted = quote.replaceAll("`", "").replace(/[.,…]+$/, "");
    const plain = texts.map((text) => text?.replaceAll("`", ""));
    checks.push(
      holds(plain, wanted)
        ? HOLDS
        : refuted(
            context,
            "quote",
            sentence,
            `'${named.path}' does not say that.`,
            `not found in ${places[0]}: ${quote}`,
          ),
    );
  }
  return sumChecked(checks);
}

/** The file that a block is labelled with: in its info, in a comment on its first line, or just before it. */
function labelOf({ info, lead, text }: CodeBlock): string | undefined {
  const titled = /(?:title|file|filename|path)\s*=\s*["']?([^"'\s}]+)/.exec(info)?.[1];
  if (titled !== undefined) return titled;
  const second = info.split(/\s+/)[1];
  if (second !== undefined && isFile(second)) return second.replace(/:\d+(?:-\d+)?$/, "");
  if (info.includes(":") && isFile(info.split(":")[1] ?? "")) return info.split(":")[1];
  if (/^(?:sh|bash|shell|console|text|txt|output|log|tap)?$/.test(info.split(/\s+/)[0] ?? "") && info !== "")
    return undefined;
  const before =
    /(?:^|\bin\s+|\bof\s+|\bfrom\s+|\b(?:is|are|reads)\s+)[*_(]*`([^`\s]+)`[*_)]*(?:\s+(?:now|is\s+now|now\s+reads|reads|contains|looks\s+like\s+this|was))?\s*:\s*$/i.exec(
      lead,
    )?.[1];
  if (before !== undefined && isFile(before)) return before.replace(/:\d+(?:-\d+)?$/, "");
  const commented = /^\s*(?:\/\/|#|<!--|\/\*)\s*(?:file:\s*)?(\S+\/\S+?)\s*(?:-->|\*\/)?$/.exec(
    text.split("\n", 1)[0] ?? "",
  )?.[1];
  return commented !== undefined && isFile(commented) ? commented : undefined;
}

function isFile(path: string): boolean {
  const ending = /^[\w@./-]+\.([A-Za-z][A-Za-z\d]*)(?::\d+(?:-\d+)?)?$/.exec(path)?.[1];
  return ending !== undefined && FILE_ENDINGS.has(ending.toLowerCase());
}

/** The stretches between lines that stand for what is left out; a first line that only names the file is not quoted. */
function piecesOf(text: string): readonly string[] {
  const pieces: string[][] = [[]];
  for (const [index, line] of text.split("\n").entries()) {
    if (index === 0 && /^\s*(?:\/\/|#|<!--|\/\*)\s*(?:file:\s*)?\S+\.\w+\s*(?:-->|\*\/)?$/.test(line))
      continue;
    if (LEFT_OUT.test(line)) pieces.push([]);
    else pieces.at(-1)?.push(line.replace(/\s*(?:\/\/|#)\s*(?:<-|←|new\b|changed\b).*$/, ""));
  }
  return pieces.map((lines) => lines.join("\n")).filter((piece) => piece.trim() !== "");
}

function firstLine(text: string): string {
  return text.trim().split("\n", 1)[0] ?? "";
}
