import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { publicApi } from "./public-api.ts";
import { packages, root } from "./repository.ts";

const declarations = mkdtempSync(path.join(tmpdir(), "mnemosyne-api-"));

beforeAll(async () => {
  // Straight from the sources, so that it does not matter what was built when.
  const tsc = path.join(root, "node_modules/typescript/bin/tsc");
  const options = [
    "--noEmit",
    "false",
    "--emitDeclarationOnly",
    "--declaration",
    "--stripInternal",
    "--noCheck",
  ];
  const folders = ["--rootDir", ".", "--outDir", declarations];
  await promisify(execFile)(process.execPath, [tsc, "-p", "tsconfig.json", ...options, ...folders], {
    cwd: root,
  });
}, 120_000);

afterAll(() => rmSync(declarations, { recursive: true, force: true }));

const each = packages.flatMap(({ name, folder, manifest }) =>
  Object.entries(manifest.exports).flatMap(([subpath, target]) => {
    if (typeof target !== "object" || target === null) return [];
    const source = (target as Record<string, string>)["@mnemosyne/source"] ?? "";
    return [
      {
        specifier: path.posix.join(manifest.name, subpath),
        name,
        subpath,
        source: path.posix.join(folder, source),
      },
    ];
  }),
);

function read(module: string): string {
  return readFileSync(path.join(declarations, module.replace(/\.ts$/, ".d.ts")), "utf8");
}

test.each(each)(
  "$specifier gives exactly what docs/api says",
  async ({ specifier, name, subpath, source }) => {
    const { text, faults } = publicApi(source, read);
    expect(faults).toEqual([]);
    const page = subpath === "." ? name : `${name}-${subpath.slice(2).replaceAll("/", "-")}`;
    await expect(`# ${specifier}\n\n\`\`\`ts\n${text}\`\`\`\n`).toMatchFileSnapshot(`../docs/api/${page}.md`);
  },
);
