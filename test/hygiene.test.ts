import { expect, test } from "vitest";
import { factsOf } from "./module-facts.ts";
import { filesIn, packages, readText, sourcesOf } from "./repository.ts";

const TEXT = /\.(?:ts|mts|js|mjs|cjs|md|json|jsonc|ya?ml|html|css|sql|sh)$/;
const written = filesIn(".").filter((file) => TEXT.test(file) && file !== "pnpm-lock.yaml");
const sources = packages.flatMap(sourcesOf);

/** Lines of these files that match, as `file:line text`. */
function find(files: readonly string[], pattern: RegExp): readonly string[] {
  return files.flatMap((file) =>
    readText(file)
      .split("\n")
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1} ${line.trim()}`] : [])),
  );
}

function lengthOf(file: string): number {
  return readText(file).trimEnd().split("\n").length;
}

test("no file is longer than anybody wants to read", () => {
  const code = written.filter((file) => /\.(?:ts|mts|js|mjs)$/.test(file));
  expect(code.length).toBeGreaterThan(100);
  // A test's table of cases may go on for longer.
  const limit = (file: string): number => (/\/test\//.test(file) ? 600 : 400);
  const long = code.filter((file) => lengthOf(file) > limit(file));
  expect(long.map((file) => `${file} has ${lengthOf(file)} lines`)).toEqual([]);
});

test("nothing is put off to later", () => {
  // The reviewer looks for these words, so it and what it is tried on may name them.
  const names =
    /^(?:packages\/(?:reviewer|testkit|executor|cli|engine)|examples|docs\/api|test\/(?:hygiene|testkit))/;
  const files = written.filter((file) => !names.test(file));
  expect(find(files, /\b(?:TODO|FIXME|XXX|HACK|TBD)\b/)).toEqual([]);
  const exempt = sources.filter((file) => names.test(file));
  expect(find(exempt, /(?:\/\/|\*)\s*(?:TODO|FIXME|XXX|HACK)\b/)).toEqual([]);
});

test("no path of somebody's machine is written down", () => {
  const files = written.filter((file) => file !== "test/hygiene.test.ts");
  expect(find(files, /(?:^|[\s"'`(=])\/(?:work|root|Users)\/|\/home\/(?!user\b|me\b|x\b)\w+/)).toEqual([]);
});

test("errors are never dropped without a word", () => {
  const silent = sources.flatMap((file) => factsOf(file).silentCatches.map((line) => `${file}:${line}`));
  expect(silent).toEqual([]);
  const text =
    "try { f() } catch {}\ntry { f() } catch {\n// It is gone already.\n}\ntry { f() } catch { g() }";
  expect(factsOf("made-up.ts", text).silentCatches).toEqual([1]);
});

test("packages export names, never a default and never everything", () => {
  const facts = sources.map((file) => ({ file, ...factsOf(file) }));
  expect(facts.filter(({ hasDefaultExport }) => hasDefaultExport).map(({ file }) => file)).toEqual([]);
  expect(facts.filter(({ starExports }) => starExports.length > 0).map(({ file }) => file)).toEqual([]);
});

test("libraries never print", () => {
  const printing = sources
    // The command talks to people, and one transport of MCP is the standard streams.
    .filter((file) => !/^packages\/(?:cli\/|mcp\/src\/serve-stdio\.ts)/.test(file))
    .flatMap((file) =>
      factsOf(file)
        .uses.filter(({ name }) => /^(?:console|process\.std(?:out|err))$/.test(name))
        .map(({ name, line }) => `${file}:${line} ${name}`),
    );
  expect(printing).toEqual([]);
});

test("file names are kebab-case", () => {
  expect(sources.filter((file) => !/^[a-z0-9/.-]+\.ts$/.test(file))).toEqual([]);
});
