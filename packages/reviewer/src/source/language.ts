/** How a language writes comments and strings: enough to tell them from code. */
export interface Language {
  readonly name: string;
  /** Starts of comments that end with the line. */
  readonly lineComments: readonly string[];
  readonly blockComments: readonly (readonly [open: string, close: string])[];
  /** Quotes of strings, longest first; `multiline` ones may hold line ends. */
  readonly quotes: readonly {
    readonly quote: string;
    readonly multiline: boolean;
    readonly escapes: boolean;
  }[];
  /** A comment's start counts only at the line's start or after white space (`#` in shells and YAML). */
  readonly spaceBeforeComment?: boolean;
  /** `/…/` can be a regular expression, and backtick strings hold code in `${…}`. */
  readonly script?: boolean;
  /** `'` also starts lifetimes and labels, which have no end. */
  readonly lifetimes?: boolean;
}

const SINGLE = { quote: "'", multiline: false, escapes: true };
const DOUBLE = { quote: '"', multiline: false, escapes: true };
const TRIPLE_DOUBLE = { quote: '"""', multiline: true, escapes: true };
const TRIPLE_SINGLE = { quote: "'''", multiline: true, escapes: true };
const C_BLOCK = [["/*", "*/"]] as const;
const MARKUP_BLOCK = [["<!--", "-->"]] as const;

const SCRIPT: Language = {
  name: "javascript",
  lineComments: ["//"],
  blockComments: C_BLOCK,
  quotes: [SINGLE, DOUBLE],
  script: true,
};
const C_LIKE: Language = {
  name: "c",
  lineComments: ["//"],
  blockComments: C_BLOCK,
  quotes: [TRIPLE_DOUBLE, SINGLE, DOUBLE],
};
const GO: Language = {
  ...C_LIKE,
  name: "go",
  quotes: [SINGLE, DOUBLE, { quote: "`", multiline: true, escapes: false }],
};
const RUST: Language = {
  ...C_LIKE,
  name: "rust",
  quotes: [SINGLE, { ...DOUBLE, multiline: true }],
  lifetimes: true,
};
const PHP: Language = { ...C_LIKE, name: "php", lineComments: ["//", "#"], quotes: [SINGLE, DOUBLE] };
const HASH: Language = {
  name: "hash",
  lineComments: ["#"],
  blockComments: [],
  quotes: [TRIPLE_DOUBLE, TRIPLE_SINGLE, SINGLE, DOUBLE],
};
const PYTHON: Language = { ...HASH, name: "python" };
const SHELL: Language = {
  ...HASH,
  name: "shell",
  quotes: [
    { ...SINGLE, multiline: true, escapes: false },
    { ...DOUBLE, multiline: true },
  ],
  spaceBeforeComment: true,
};
/** Apostrophes stand in plain text there, so that only comments are looked for. */
const CONFIG: Language = { ...HASH, name: "config", quotes: [DOUBLE], spaceBeforeComment: true };
const SQL: Language = { name: "sql", lineComments: ["--"], blockComments: C_BLOCK, quotes: [SINGLE, DOUBLE] };
const LUA: Language = {
  name: "lua",
  lineComments: ["--"],
  blockComments: [["--[[", "]]"]],
  quotes: [SINGLE, DOUBLE],
};
const CSS: Language = { name: "css", lineComments: [], blockComments: C_BLOCK, quotes: [SINGLE, DOUBLE] };
const SCSS: Language = { ...CSS, name: "scss", lineComments: ["//"], spaceBeforeComment: true };
const MARKUP: Language = { name: "markup", lineComments: [], blockComments: MARKUP_BLOCK, quotes: [] };
const COMPONENT: Language = {
  name: "component",
  lineComments: ["//"],
  blockComments: [...MARKUP_BLOCK, ...C_BLOCK],
  quotes: [],
  spaceBeforeComment: true,
};

const BY_EXTENSION: Readonly<Record<string, Language>> = Object.fromEntries(
  (
    [
      [SCRIPT, "js jsx ts tsx mjs cjs mts cts"],
      [C_LIKE, "c h cc cpp cxx hpp hh cs java kt kts scala swift dart groovy gradle m mm proto zig"],
      [GO, "go"],
      [RUST, "rs"],
      [PHP, "php"],
      [PYTHON, "py pyi"],
      [HASH, "rb r jl ex exs pl pm"],
      [SHELL, "sh bash zsh fish"],
      [CONFIG, "yml yaml toml ini cfg conf env properties tf"],
      [SQL, "sql"],
      [LUA, "lua hs"],
      [CSS, "css"],
      [SCSS, "scss less sass"],
      [MARKUP, "html htm xml svg xhtml"],
      [COMPONENT, "vue svelte astro"],
    ] as const
  ).flatMap(([language, extensions]) => extensions.split(" ").map((extension) => [extension, language])),
);
const BY_NAME: Readonly<Record<string, Language>> = {
  Dockerfile: CONFIG,
  Makefile: CONFIG,
  Justfile: CONFIG,
};

const PROSE = new Set(["md", "mdx", "markdown", "txt", "rst", "adoc", "asciidoc", "org"]);

/** The language of a source file, by its name; `undefined` for prose, data and what is not known. */
export function languageOf(path: string): Language | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return BY_NAME[name] ?? BY_EXTENSION[extensionOf(name)];
}

/** True for JavaScript and TypeScript, whose syntax tree can be read. */
export function isScript(path: string): boolean {
  return languageOf(path)?.script === true;
}

/** True for files that people read as prose: Markdown, plain text and their kin. */
export function isProse(path: string): boolean {
  return PROSE.has(extensionOf(path));
}

/** What follows the last dot of the file's name, in lower case; empty if there is none. */
export function extensionOf(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  return dot < 0 ? "" : name.slice(dot + 1).toLowerCase();
}
