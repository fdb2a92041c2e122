// Texts to fit and judge the token estimate with: files that lie on a developer's machine, and generated logs.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const STORE = join(dirname(fileURLToPath(import.meta.url)), "../../node_modules/.pnpm");
const LONGEST = 24_000;
const SHORTEST = 300;

/** A number from a text, the same on every machine: samples do not depend on the order of folders. */
function numberOf(text) {
  return parseInt(createHash("sha256").update(text).digest("hex").slice(0, 8), 16);
}

function* filesBelow(folder, depth = 12) {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (error.code === "ENOENT" || error.code === "EACCES") return;
    throw error;
  }
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && depth > 0) yield* filesBelow(path, depth - 1);
    else if (entry.isFile()) yield path;
  }
}

/** At most `each` files of a group and `all` together, chosen by the hash of their path; `later`: of those that were not chosen so. */
function choose(files, each, all, later = false) {
  if (later) {
    const first = new Set(choose(files, each, all));
    return choose(
      files.filter((file) => !first.has(file)),
      each,
      all,
    );
  }
  const taken = new Map();
  const chosen = [];
  for (const file of files.toSorted((a, b) => numberOf(a.path) - numberOf(b.path))) {
    const count = taken.get(file.group) ?? 0;
    if (count === each || chosen.length === all) continue;
    taken.set(file.group, count + 1);
    chosen.push(file);
  }
  return chosen;
}

/** A piece of 800 to 24,000 characters from anywhere in the text. */
function piece(text, key) {
  const start = text.length > LONGEST ? numberOf(key) % (text.length - LONGEST) : 0;
  const from = start === 0 ? 0 : text.indexOf("\n", start) + 1;
  return text.slice(from, from + 800 + (numberOf(`${key} length`) % (LONGEST - 800)));
}

function collectFiles(later) {
  const found = { prose: [], code: [], json: [], cjk: [] };
  const add = (kind, group, path) => {
    const { size } = statSync(path);
    if (size >= SHORTEST && size < 2_000_000) found[kind].push({ group, path });
  };
  for (const path of filesBelow(STORE)) {
    const group = path.slice(STORE.length + 1).split("/")[0];
    if (/locales\/(?:zh|ja|ko)[^/]*\.js$/.test(path)) add("cjk", group, path);
    else if (/\.(?:md|markdown)$/i.test(path)) add("prose", group, path);
    else if (/\.(?:ts|mts|js|mjs|cjs|tsx)$/.test(path)) add("code", group, path);
    else if (extname(path) === ".json") add("json", group, path);
  }
  for (const path of filesBelow("/usr/lib/python3.11", 3))
    if (extname(path) === ".py") add("code", `python ${basename(path)[0]}`, path);
  for (const path of filesBelow("/usr/include", 3))
    if (extname(path) === ".h") add("code", `c ${basename(path).slice(0, 3)}`, path);
  for (const path of filesBelow("/usr/share/perl", 4))
    if (/\.p[ml]$/.test(path)) add("code", `perl ${basename(path)[0]}`, path);
  for (const path of filesBelow("/usr/share/doc", 3))
    if (/(?:README|NEWS|FAQ|HACKING|\.txt|\.md)[^/]*$/.test(path) && !/\.(?:gz|html)$/.test(path))
      add("prose", `doc ${path.split("/")[4]}`, path);
  for (const path of filesBelow("/usr/lib/node_modules", 8)) {
    if (extname(path) === ".json") add("json", `npm ${basename(dirname(path))}`, path);
    if (extname(path) === ".md") add("prose", `npm ${basename(dirname(path))}`, path);
  }
  return [
    ...choose(found.prose, 4, 220, later).map((file) => ({ kind: "prose", ...file })),
    ...choose(found.code, 5, 320, later).map((file) => ({ kind: "code", ...file })),
    ...choose(found.json, 4, 160, later).map((file) => ({ kind: "json", ...file })),
    ...choose(found.cjk, 20, 20, later).map((file) => ({ kind: "cjk", ...file })),
  ].flatMap(({ kind, group, path }) => {
    const text = readFileSync(path, "utf8").replaceAll("\0", "");
    // Minified code is no kind of its own here: it is rarely put into a context.
    if (kind === "code" && text.length / text.split("\n").length > 200) return [];
    return [{ kind, group, text: piece(text, path) }];
  });
}

function collectManuals(later) {
  const kinds = [
    ["cjk", 28, ["zh_CN", "zh_TW", "ja", "ko"]],
    ["cyrillic", 8, ["ru", "uk"]],
    ["latin", 8, ["de", "fr", "es", "pl", "tr", "pt_BR", "it", "cs", "sv"]],
  ];
  return kinds.flatMap(([kind, each, languages]) =>
    languages.flatMap((language) => {
      const files = [...filesBelow(`/usr/share/man/${language}`, 3)]
        .filter((path) => path.endsWith(".gz"))
        .map((path) => ({ group: `manual ${language}`, path }));
      return choose(files, each, each, later).flatMap(({ group, path }) => {
        const text = gunzipSync(readFileSync(path))
          .toString("utf8")
          .split("\n")
          .filter((line) => !/^['.]\\"/.test(line))
          .map((line) => line.replace(/^\.[A-Za-z]+ ?/, "").replace(/\\f[BIRP]|\\&|\\-/g, ""))
          .join("\n");
        const cjk = text.match(/[\u3040-\u9fff\uac00-\ud7af]/g)?.length ?? 0;
        if (text.length < SHORTEST || (kind === "cjk" && cjk < text.length * 0.15)) return [];
        return [{ kind, group, text: piece(text, path) }];
      });
    }),
  );
}

/** What programs say in another language: the translations of a catalogue, some 100 messages a text. */
function collectMessages(later) {
  return ["zh_CN", "zh_TW", "ja", "ko"].flatMap((language) => {
    const files = [...filesBelow(`/usr/share/locale/${language}/LC_MESSAGES`, 1)]
      .filter((path) => path.endsWith(".mo"))
      .map((path) => ({ group: `messages ${basename(path)}`, path }));
    return choose(files, 1, 8, later).flatMap(({ group, path }) => {
      const bytes = readFileSync(path);
      if (bytes.length < 20 || bytes.readUInt32LE(0) !== 0x950412de) return [];
      const [count, table] = [bytes.readUInt32LE(8), bytes.readUInt32LE(16)];
      const messages = Array.from({ length: count }, (_, index) => {
        const [length, offset] = [
          bytes.readUInt32LE(table + index * 8),
          bytes.readUInt32LE(table + index * 8 + 4),
        ];
        return bytes
          .toString("utf8", offset, offset + length)
          .split("\0")
          .join("\n");
      }).filter((message) => !message.startsWith("Project-Id-Version"));
      const start = numberOf(path) % Math.max(1, messages.length - 100);
      return [{ kind: "cjk", group, text: messages.slice(start, start + 100).join("\n") }];
    });
  });
}

/** Names of regions and languages and dates in many scripts. */
function collectNames() {
  const letters = Array.from({ length: 26 }, (_, index) => String.fromCharCode(65 + index));
  const codes = letters.flatMap((a) => letters.map((b) => a + b));
  const locales = "ar he hi th el ka hy ta bn fa vi ru uk bg zh zh-Hant ja ko".split(" ");
  return locales.flatMap((locale) => {
    const regions = new Intl.DisplayNames(locale, { type: "region", fallback: "none" });
    const languages = new Intl.DisplayNames(locale, { type: "language", fallback: "none" });
    const dates = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "long", timeZone: "UTC" });
    const lines = codes
      .flatMap((code) => [regions.of(code), languages.of(code.toLowerCase())])
      .filter((name) => name !== undefined);
    for (let day = 0; day < 40; day++) lines.push(dates.format(new Date(1.7e12 + day * 1e9)));
    const kind = /^(?:zh|ja|ko)/.test(locale) ? "cjk" : "scripts";
    return [", ", "\n"].map((between, half) => ({
      kind,
      group: `names ${locale}`,
      text: lines.filter((_, index) => index % 2 === half).join(between),
    }));
  });
}

function createRandom(seed) {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x80000000;
  };
  const below = (limit) => Math.floor(random() * limit);
  const pick = (list) => list[below(list.length)];
  const hex = (length) => Array.from({ length }, () => below(16).toString(16)).join("");
  return { random, below, pick, hex };
}

function generateLogs(seed) {
  const { random, below, pick, hex } = createRandom(seed);
  const address = () => Array.from({ length: 4 }, () => below(255)).join(".");
  const time = () => new Date(1.7e12 + random() * 6e10);
  const uuid = () => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`;
  const path = () =>
    pick(["/api/v1/users", "/login", "/static/app.js", `/orders/${below(9999)}/items`, "/healthz"]);
  const lines = {
    access: () =>
      `${address()} - - [${time().toUTCString().slice(5, 25)} +0000] "${pick(["GET", "POST", "PUT"])} ${path()} HTTP/1.1" ${pick([200, 304, 404, 500])} ${below(90_000)} "-" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${100 + below(40)}.0.0.0 Safari/537.36"`,
    service: () =>
      `${time().toISOString()} ${pick(["INFO", "WARN", "ERROR"])} [${pick(["http-nio-8080-exec", "worker"])}-${below(20)}] c.acme.${pick(["orders.OrderService", "billing.InvoiceMapper"])} - ${pick(["Request completed", "Connection reset by peer", "Cache miss for key"])} id=${hex(24)} took=${below(3000)}ms`,
    json: () =>
      JSON.stringify({
        level: pick(["info", "warn", "error"]),
        time: 1.7e12 + below(1e9),
        pid: below(30_000),
        hostname: `ip-${address().replaceAll(".", "-")}`,
        requestId: uuid(),
        msg: pick(["request completed", "query", "cache hit", "unauthorized"]),
        durationMs: Math.round(random() * 1e5) / 100,
      }),
    system: () =>
      `${time().toISOString().slice(0, 19)} host${below(9)} ${pick(["sshd", "kernel", "systemd", "CRON"])}[${below(30_000)}]: ${pick([`Accepted publickey for root from ${address()} port ${below(65_000)} ssh2`, `Started Session ${below(500)} of user deploy.`, `[ ${(random() * 9999).toFixed(6)}] eth0: link up`])}`,
    tests: () =>
      pick([
        ` ✓ packages/storage/test/${pick(["search", "journal"])}.test.ts (${below(40)} tests) ${below(900)}ms`,
        ` × src/${pick(["math", "date"])}.test.ts > adds ${below(100)} and ${below(100)} ${below(30)}ms`,
        `AssertionError: expected ${below(999)} to be ${below(999)} // Object.is equality`,
        `      at Object.<anonymous> (/home/me/app/node_modules/dist/chunks/index.${hex(6)}.js:${below(3000)}:${below(80)})`,
      ]),
    install: () =>
      `npm ${pick(["http fetch GET 200 https://registry.npmjs.org/", "silly placeDep ROOT ", "timing reify:"])}${pick(["lodash", "@types/node", "vite"])} ${below(900)}ms ${pick(["(cache hit)", "(cache miss)"])}`,
    image: () =>
      `#${below(30)} ${(random() * 60).toFixed(1)} ${pick([`sha256:${hex(64)} 3.62MB / 3.62MB 0.5s done`, "Unpacking libc6-dev:amd64 (2.36-9+deb12u8) ...", `Get:${below(90)} http://deb.debian.org/debian bookworm/main amd64 libssl3 amd64 3.0.15-1~deb12u1 [2,026 kB]`])}`,
    trace: () =>
      pick([
        "Traceback (most recent call last):",
        `  File "/usr/lib/python3.11/site-packages/${pick(["requests/api", "django/db/models"])}.py", line ${below(900)}, in ${pick(["get", "save", "_run"])}`,
        `${pick(["ValueError", "KeyError"])}: ${pick(["'user_id'", "invalid literal for int() with base 10"])}`,
      ]),
  };
  return Object.entries(lines).flatMap(([group, line]) =>
    Array.from({ length: 8 }, () => ({
      kind: "log",
      group: `log ${group}`,
      text: Array.from({ length: 10 + below(120) }, line).join("\n"),
    })),
  );
}

function collectLogs() {
  return ["/var/log/dpkg.log", "/var/log/apt/term.log", "/var/log/apt/history.log"].flatMap((path) => {
    let text;
    try {
      text = readFileSync(path, "utf8");
    } catch (error) {
      if (error.code === "ENOENT") return [];
      throw error;
    }
    const pieces = Array.from({ length: 8 }, (_, index) => Math.floor((text.length / 8) * index));
    return pieces
      .map((start) => ({
        kind: "log",
        group: `log ${basename(path)}`,
        text: text.slice(start, start + 6000),
      }))
      .filter((document) => document.text.length >= SHORTEST);
  });
}

function many(length, make) {
  return Array.from({ length }, make).join("");
}

/** Texts without meaning: hashes, ids, and what somebody might write to break a budget. */
function generateOpaque() {
  const { below, hex } = createRandom(11);
  const character = (from, count) => () => String.fromCharCode(from + below(count));
  const documents = [];
  for (let copy = 0; copy < 10; copy++) {
    const bytes = Buffer.from(Array.from({ length: 3000 }, () => below(256)));
    documents.push(["opaque", "base64", bytes.toString("base64")]);
    documents.push(["opaque", "hex", Array.from({ length: 60 }, () => hex(64)).join("\n")]);
    documents.push([
      "opaque",
      "ids",
      many(80, () => `${hex(8)}-${hex(4)}-7${hex(3)}-a${hex(3)}-${hex(12)}\n`),
    ]);
  }
  const hostile = {
    digits: () => many(4000, () => below(10)),
    spaces: () => " ".repeat(5000),
    tabs: () => "\t".repeat(3000),
    lines: () => "\n".repeat(3000),
    rules: () => `${"-".repeat(80)}\n`.repeat(40),
    letters: () => many(4000, character(97, 26)),
    capitals: () => many(4000, character(65, 26)),
    emoji: () => many(800, () => String.fromCodePoint(0x1f300 + below(767))),
    marks: () => many(3000, character(33, 15)),
    printable: () => many(3000, character(33, 94)),
    boxes: () => `│ ├── ${"─".repeat(40)}┐\n`.repeat(30),
    private: () => many(500, character(0xe000, 500)),
    ethiopic: () => many(1000, character(0x1200, 0x180)),
    controls: () => many(1000, character(1, 8)),
    table: () => many(300, () => `${below(1e9)},${below(1e6) / 1e4},${below(1e6)}\n`),
    rareHan: () => many(800, character(0x4e00, 0x5000)),
    arrows: () => many(800, character(0x2190, 0x400)),
  };
  for (const [group, make] of Object.entries(hostile)) documents.push(["hostile", group, make()]);
  return documents.map(([kind, group, text]) => ({ kind, group: `opaque ${group}`, text }));
}

/** Texts of the five main kinds that {@link collectCorpus} does not give: other files and manuals, other logs. */
export function collectHeldOut() {
  return [
    ...collectFiles(true),
    ...collectManuals(true),
    ...collectMessages(true),
    ...generateLogs(99),
  ].filter(
    ({ kind, text }) => text.length >= SHORTEST && ["prose", "code", "json", "log", "cjk"].includes(kind),
  );
}

/** Everything, the same on every run of a machine. */
export function collectCorpus() {
  return [
    ...collectFiles(false),
    ...collectManuals(false),
    ...collectMessages(false),
    ...collectNames(),
    ...generateLogs(7),
    ...collectLogs(),
    ...generateOpaque(),
  ].filter((document) => document.text.length >= SHORTEST);
}

export { numberOf };
