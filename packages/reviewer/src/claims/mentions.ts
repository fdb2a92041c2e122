import type { Sentence } from "./document.ts";

/** Something that a sentence names: in backticks, or plainly where its form leaves no doubt. */
export interface Mention {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** False for what can only be a path. */
  readonly ticked: boolean;
  /** `CouponStore` without backticks: the words around it must say that it is in the code. */
  readonly doubtful?: boolean;
}

/** Endings that make a plain word a file's name. */
export const FILE_ENDINGS = new Set(
  (
    "ts tsx mts cts js jsx mjs cjs json jsonc json5 md mdx txt rst yml yaml toml ini cfg conf env html htm css scss less sass vue svelte astro " +
    "py pyi ipynb go rs rb java kt kts scala swift c h cc cpp hpp cs php pl lua sh bash zsh fish ps1 bat sql graphql gql proto xml svg png jpg " +
    "jpeg gif webp ico csv tsv lock snap tf gradle ex exs erl hs ml dart zig r jl wasm map log diff patch tgz zip pdf db sqlite"
  ).split(" "),
);

const PLAIN_PATH =
  /(?<![\w/@:.$~-])(?:\.{1,2}\/)?(?:[\w@.-]+\/)*[\w@.-]*\w\.([a-z][a-z\d]{0,8})(?::\d+(?:[-:]\d+)?)?(?![\w/@])/gi;

/** `applyCoupon()`, `applyCoupon` and `load_jobs` without backticks: nobody writes words of a language so. */
const PLAIN_SYMBOL =
  /(?<![\w/.$@#-])(?:[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*\(\)|[a-z]+(?:[A-Z][a-z\d]+)+|[a-z]+(?:_[a-z\d]+)+|[A-Z][A-Z\d]*(?:_[A-Z\d]+)+|[A-Z][a-z\d]+(?:[A-Z][a-z\d]+)+)(?![\w/@-])(?!\.\w)/g;
const PLAIN_COMMAND =
  /(?<![\w/.-])(?:npm (?:test|t|start|run [\w:-]+(?:\.[\w:-]+)*)|npx [\w@/.-]+(?: --?[\w-]+)*|yarn (?:run )?[\w:.-]+|pnpm (?:run )?[\w:.-]+|node --test|cargo (?:test|build|check|clippy)|go (?:test|build|vet)(?: \.\/\.\.\.)?|python3? -m [\w.]+)(?![\w/-])/g;
/** Names of products that are written with humps. */
const PRODUCTS =
  /^(?:macOS|iOS|iPadOS|tvOS|watchOS|eBay|iPhone|jQuery|npmJS|pnpm|eslint|esLint|mySQL|noSQL|vSphere|gRPC|kHz|mTLS|oAuth|webGL|youTube|gitHub|javaScript|typeScript|and_or|i_e|e_g)$/;

/** What a sentence names, in order. */
export function mentionsIn({ text, words }: Sentence): readonly Mention[] {
  const found: Mention[] = [];
  for (const match of text.matchAll(/(?<!`)(`{1,3})(?!`)([\s\S]{0,1000}?)(?<!`)\1(?!`)/g)) {
    const inner = (match[2] ?? "").trim();
    if (inner !== "")
      found.push({ text: inner, start: match.index, end: match.index + match[0].length, ticked: true });
  }
  // Addresses hold what looks like paths; a link's target is looked at as a link.
  const plain = words
    .replaceAll(/\b[a-z][a-z+.-]*:\/\/\S+|\bwww\.\S+|\S+@\S+\.\w+/gi, (address) => "_".repeat(address.length))
    .replaceAll(/\]\([^)]*\)/g, (target) => "_".repeat(target.length));
  for (const match of plain.matchAll(PLAIN_PATH)) {
    const ending = match[1]?.toLowerCase() ?? "";
    const path = match[0].replace(/\.$/, "");
    if (!FILE_ENDINGS.has(ending) || !isPlainPath(path)) continue;
    found.push({ text: path, start: match.index, end: match.index + path.length, ticked: false });
  }
  for (const match of plain.matchAll(
    /(?<![\w/.`-])(?:README|CHANGELOG|LICENSE|CONTRIBUTING|Dockerfile|Makefile)(?![\w/.-])/g,
  ))
    found.push({ text: match[0], start: match.index, end: match.index + match[0].length, ticked: false });
  const free = ({ index, 0: text }: RegExpExecArray): boolean =>
    !found.some(({ start, end }) => index < end && index + text.length > start);
  for (const match of plain.matchAll(PLAIN_COMMAND))
    if (free(match))
      found.push({ text: match[0], start: match.index, end: match.index + match[0].length, ticked: true });
  for (const match of plain.matchAll(PLAIN_SYMBOL))
    if (free(match) && !PRODUCTS.test(match[0]))
      found.push({
        text: match[0],
        start: match.index,
        end: match.index + match[0].length,
        ticked: true,
        ...(/^[A-Z][a-z]/.test(match[0]) && !match[0].endsWith("()") ? { doubtful: true } : {}),
      });
  return found.toSorted((a, b) => a.start - b.start);
}

/** Names that people write plainly and do not mean a file by. */
const NOT_A_FILE =
  /^(?:node|next|nuxt|vue|react|express|three|d3|discord|deno|socket|nest|ember|backbone|chart|alpine|moment|day|bun|hono|ink|angular|p5|pdf|asp|ml|e\.g|i\.e)\.(?:js|ts|io|net|env)$/i;

function isPlainPath(path: string): boolean {
  if (/^[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|io|dev|app|ai|co|edu|gov|example)\//.test(path)) return false;
  return !NOT_A_FILE.test(path) && !/^\d+(?:\.\d+)*\w?$/.test(path) && !/^[A-Z]\.[a-z]$/.test(path);
}
