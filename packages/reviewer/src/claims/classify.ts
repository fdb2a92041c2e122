import { FILE_ENDINGS, type Mention } from "./mentions.ts";

/** What a mention names, as far as its form tells. */
export type Named =
  | { readonly kind: "path"; readonly path: string; readonly line?: number; readonly lastLine?: number }
  /** `a.b.c`, without its call. */
  | { readonly kind: "symbol"; readonly chain: readonly string[]; readonly certain: boolean }
  | { readonly kind: "package"; readonly name: string; readonly version?: string }
  | { readonly kind: "command"; readonly line: string }
  /** A lower-case word: what it is depends on the words around it. */
  | { readonly kind: "word"; readonly word: string }
  /** Several words: a test's name, perhaps. */
  | { readonly kind: "phrase"; readonly phrase: string };

const PROGRAMS =
  /^(?:\$\s+)?(?:[A-Z_][A-Z\d_]*=\S+\s+)*(?:npm|npx|pnpm|yarn|bun|bunx|deno|node|tsx|tsc|vitest|jest|mocha|ava|tap|eslint|oxlint|biome|prettier|git|make|just|cargo|rustc|go|pytest|python3?|pip3?|uv|poetry|tox|ruff|mypy|ruby|bundle|rake|rspec|php|composer|mvn|gradle|\.\/gradlew|dotnet|docker|docker-compose|kubectl|terraform|bash|sh|zsh|curl|turbo|nx|\.\/[\w./-]+\.sh|mnemosyne)(?=\s|$)/;
const ALONE = /^(?:pytest|tsc|vitest|jest|mocha|make|eslint|mypy|ruff|rspec|tox)$/;
const IDENTIFIER = String.raw`(?:#(?=[A-Za-z_]))?[$A-Za-z_][\w$]*`;
const CHAIN = new RegExp(
  `^(?:new\\s+|await\\s+|async\\s+|@)?(${IDENTIFIER}(?:(?:\\?\\.|\\.|::|#)${IDENTIFIER})*)(\\(.*\\)|<[\\w\\s,|[\\]]+>(?:\\(.*\\))?)?(?:!)?$`,
  "s",
);
const DECLARED = new RegExp(
  `^(?:export\\s+)?(?:default\\s+)?(?:async\\s+)?(?:function\\*?|class|interface|type|enum|const|let|var|def|fn|func|struct|trait|impl)\\s+(${IDENTIFIER})\\s*(?:\\(.*\\))?$`,
);
const LITERALS = new Set(
  (
    "true false null undefined NaN Infinity None True False nil self this super string number boolean object any unknown void never bigint symbol int float str bool list dict " +
    "readonly const let var async await static public private protected abstract interface type enum class function return import export default " +
    "yield finally try catch for while if else switch case break continue in of instanceof typeof keyof infer satisfies extends implements override " +
    "get set lambda def pass with nonlocal global pub mut fn impl trait struct go defer chan func select throw new delete do as is from not and or"
  ).split(" "),
);

/** What a mention names; `undefined` for what makes no claim: addresses, flags, globs, literals, snippets of code. */
export function classify({ text, ticked }: Mention): Named | undefined {
  if (!ticked) return pathIn(text);
  if (/^[a-z][a-z+.-]*:\/\//i.test(text) || text.startsWith("-") || /^["'{[(]|^[<>=!|&+*%^~?]/.test(text))
    return componentIn(text);
  const declared = DECLARED.exec(text)?.[1];
  if (declared !== undefined) return { kind: "symbol", chain: [declared], certain: true };
  if (ALONE.test(text) || (PROGRAMS.test(text) && /\s/.test(text)))
    return { kind: "command", line: text.replace(/^\$\s+/, "") };
  if (/^\$|^\d|^\/|^~|[*?]|\{.*,.*\}/.test(text) && !/\(/.test(text)) return undefined;
  // `_ATTEMPT` behind `APP_RUN_ID` stands for the same name with another ending.
  if (LITERALS.has(text) || /^_[A-Z][A-Z\d_]*$/.test(text)) return undefined;
  const versioned = /^(@[\w.-]+\/[\w.-]+|[a-z][\w.-]*)@[\^~]?v?(\d[\w.+-]*)$/.exec(text);
  if (versioned?.[1] !== undefined && versioned[2] !== undefined)
    return { kind: "package", name: versioned[1], version: versioned[2] };
  if (/^node:[a-z_]+(?:\/\w+)?$/.test(text) || /^@[a-z\d][\w.-]*\/[\w.-]+(?:\/[\w./-]+)?$/.test(text))
    return { kind: "package", name: text };
  const path = pathIn(text);
  if (path !== undefined) return path;
  if (/^[a-z][a-z\d]*(?:[.-][a-z\d]+)*-[a-z\d]+(?:[.-][a-z\d]+)*$/.test(text))
    return { kind: "word", word: text };
  if (EXAMPLE.test(text)) return undefined;
  const chain = CHAIN.exec(text);
  if (chain?.[1] === undefined)
    return /^[\w'-]+(?: [\w',:-]+)+$/.test(text) ? { kind: "phrase", phrase: text } : undefined;
  const parts = chain[1].split(/\?\.|\.|::|(?<!^)#/).map((part) => part.replace(/^#/, ""));
  const [root = ""] = parts;
  if (LITERALS.has(root) && parts.length === 1) return undefined;
  if (parts.length > 1 || chain[2] !== undefined || text.startsWith("new ") || text.startsWith("#"))
    return { kind: "symbol", chain: parts, certain: true };
  if (/[a-z\d][A-Z]|\w_\w|^[A-Z][A-Z\d]*_[A-Z\d_]+$|^[A-Z]+[a-z]+[A-Z]/.test(root))
    return { kind: "symbol", chain: parts, certain: true };
  if (/^[A-Z]/.test(root)) return { kind: "symbol", chain: parts, certain: false };
  return { kind: "word", word: root };
}

/** `<Component />` names a component; other markup names nothing. */
function componentIn(text: string): Named | undefined {
  const name = /^<([A-Z]\w*)[\s/>]/.exec(text)?.[1];
  return name === undefined ? undefined : { kind: "symbol", chain: [name], certain: true };
}

/** Stands for any name of its kind. */
const EXAMPLE =
  /^(?:(?:new\s+)?(?:foo|bar|baz|qux|do[A-Z]\w*thing|doSomething|someFunction|someMethod|myFunction|myClass|MyClass|MyComponent|myVariable|getX|setX|GitHub|GitLab|TypeScript|JavaScript|PostgreSQL|MySQL|MongoDB|GraphQL|OpenAPI|OpenAI|WebSocket|OAuth\d?|DevTools|ESLint|SQLite|LaTeX|YouTube|CamelCase|camelCase|snake_case|PascalCase|SCREAMING_SNAKE_CASE|kebab-case|UPPER_CASE|lower_case)(?:\(.*\))?|(?:path|some|my|your)[/-](?:to[/-])?[\w./-]+|(?:foo|bar|baz|example|sample|a|b|x|y|file)\.\w+)$/;

function pathIn(text: string): Named | undefined {
  if (EXAMPLE.test(text)) return undefined;
  const match =
    /^((?:\.{1,2}\/)*[\w@.()[\]+-]+(?:\/[\w@.()[\]+-]+)*\/?)(?:(?::|#L)(\d+)(?:[-–](?:L)?(\d+)|:\d+)?)?$/.exec(
      text,
    );
  const path = match?.[1];
  if (path === undefined || path === "." || path === ".." || /\(.*\)$|\.{3}/.test(path)) return undefined;
  const name = path.replace(/\/$/, "").split("/").at(-1) ?? "";
  const ending = /\.([A-Za-z][A-Za-z\d]*)$/.exec(name)?.[1];
  const isFile =
    (ending !== undefined && FILE_ENDINGS.has(ending.toLowerCase()) && !isMemberNamed(path, ending)) ||
    WELL_KNOWN.test(name);
  if (!isFile && !path.includes("/")) return undefined;
  if (!isFile && NOT_A_FOLDER.test(path)) return undefined;
  return {
    kind: "path",
    path,
    ...(match?.[2] === undefined ? {} : { line: Number(match[2]) }),
    ...(match?.[3] === undefined ? {} : { lastLine: Number(match[3]) }),
  };
}

const WELL_KNOWN =
  /^(?:Dockerfile|Makefile|Justfile|Procfile|Gemfile|Rakefile|LICENSE|CHANGELOG|README|CONTRIBUTING|CODEOWNERS|\.(?:gitignore|npmrc|nvmrc|env|editorconfig|dockerignore|prettierrc|eslintrc|gitattributes|env\.\w+))$/;
/** Media types, and pairs of words that share a slash. */
const NOT_A_FOLDER =
  /^(?:application|text|image|audio|video|multipart|font)\/[\w.+-]+$|^(?:feature|fix|bugfix|hotfix|release|chore|origin|upstream|refs)\/|^(?:and\/or|read\/write|input\/output|client\/server|true\/false|yes\/no|on\/off)$/i;

/** `response.json`, `process.env`, `console.log`, `fs.map`: a member, not a file. */
function isMemberNamed(path: string, ending: string): boolean {
  return (
    !path.includes("/") &&
    /^(?:env|log|map|json|lock|diff|patch|db|r|c|m|h|html|tap|conf|js)$/.test(ending) &&
    /^(?:process|console|response|res|req|request|Response|Array|array|list|items|this|self|Math|math|import\.meta|window|document|body|ctx|context|result|results|logger|app|router|Object|JSON|arr|data|object|value|values|z|t|expect|\w+s)\.\w+$/.test(
      path,
    ) &&
    !/^(?:package|tsconfig|settings|config)\./.test(path) &&
    ending !== "js"
  );
}
