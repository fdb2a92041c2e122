import { fileURLToPath } from "node:url";
import { inputError } from "./input.ts";

/** Where a database is. */
export type StorageLocation =
  | { readonly kind: "local"; readonly path: string }
  | { readonly kind: "remote"; readonly url: string };

/** Reads `file:PATH`, `file:///PATH`, `:memory:`, `libsql://`, `http(s)://` and `ws(s)://`. Throws `E_INPUT`. */
export function parseStorageUrl(url: string): StorageLocation {
  if (typeof url !== "string") throw inputError("url", "must be text");
  if (url === ":memory:" || url === "file::memory:") return { kind: "local", path: ":memory:" };
  if (/^(?:libsql|https?|wss?):\/\/./.test(url)) return { kind: "remote", url };
  if (!url.startsWith("file:"))
    throw inputError(
      "url",
      `is '${url}'; use file:PATH, :memory:, libsql://HOST or http(s)://HOST, for instance file:app.db`,
    );
  const path = url.startsWith("file://") ? filePath(url) : decoded(url.slice("file:".length));
  if (path === "" || /[?#\0]/.test(path))
    throw inputError("url", `is '${url}'; name a file, without '?' and '#' (file:app.db)`);
  return { kind: "local", path };
}

function filePath(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw inputError("url", `is '${url}', which is no path: ${error instanceof Error ? error.message : "?"}`);
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw inputError("url", `has a '%' that begins no escape: '${path}'; write it as %25`);
  }
}
