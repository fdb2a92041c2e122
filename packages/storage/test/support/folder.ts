import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach } from "vitest";

/** Gives fresh database URLs; their files are removed after each test. */
export function databases(): { readonly fresh: () => { readonly url: string; readonly file: string } } {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });
  return {
    fresh() {
      const folder = mkdtempSync(path.join(tmpdir(), "mnemosyne-storage-"));
      folders.push(folder);
      const file = path.join(folder, "app.db");
      return { file, url: `file:${file}` };
    },
  };
}
