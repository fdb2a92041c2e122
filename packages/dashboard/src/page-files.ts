import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { MnemosyneError } from "@mnemosyne/core";

/** A file of the built page. */
export interface PageFile {
  readonly type: string;
  readonly bytes: Buffer;
  readonly compressed: Buffer;
  /** Its name changes with its content. */
  readonly immutable: boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Every file of the built page by its address. They are few and small, and nothing else can be asked for by a path. */
export async function readPage(): Promise<ReadonlyMap<string, PageFile>> {
  const root = pageFolder();
  const files = new Map<string, PageFile>();
  let entries;
  try {
    entries = await readdir(root, { recursive: true, withFileTypes: true });
  } catch (error) {
    throw new MnemosyneError("E_UNAVAILABLE", "The dashboard's page is not built; run the package's build.", {
      kind: "unavailable",
      cause: error,
    });
  }
  for (const entry of entries) {
    const type = TYPES[path.extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const file = path.join(entry.parentPath, entry.name);
    const address = `/${path.relative(root, file).split(path.sep).join("/")}`;
    const bytes = await readFile(file);
    const compressed = await promisify(gzip)(bytes, { level: 9 });
    files.set(address, { type, bytes, compressed, immutable: address.startsWith("/assets/") });
  }
  return files;
}

/** Beside the built program; from the sources, where the build puts it. */
export function pageFolder(): string {
  const here = path.dirname(fileURLToPath(import.meta.url));
  return path.join(here, "..", "dist", "page");
}
