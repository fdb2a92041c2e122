import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { MnemosyneError } from "@mnemosyne/core";
import type { Terminal } from "../terminal.ts";

/** The token of the HTTP server, and the file that it stands in where it is not given. */
export interface HttpToken {
  readonly token: string;
  readonly file?: string;
}

/**
 * `MNEMOSYNE_MCP_TOKEN`, else a random one that is made once and kept in a file that only its owner may read, outside of
 * every workspace: in `XDG_STATE_HOME` (else `~/.local/state`).
 */
export async function httpToken({ env }: Pick<Terminal, "env">): Promise<HttpToken> {
  const named = env["MNEMOSYNE_MCP_TOKEN"];
  if (named !== undefined && named !== "") return { token: named };
  const state = env["XDG_STATE_HOME"];
  const base =
    state !== undefined && path.isAbsolute(state)
      ? state
      : path.join(env["HOME"] ?? homedir(), ".local", "state");
  const folder = path.join(base, "mnemosyne");
  const file = path.join(folder, "mcp.token");
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // `wx`: of two servers that begin at once, one makes it and the other reads it.
    await writeFile(file, `${randomBytes(32).toString("base64url")}\n`, { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw unusable(file, error);
  }
  try {
    await chmod(file, 0o600);
    return { token: (await readFile(file, "utf8")).trim(), file };
  } catch (error) {
    throw unusable(file, error);
  }
}

function unusable(file: string, cause: unknown): MnemosyneError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new MnemosyneError("E_UNAVAILABLE", `The token file ${file} cannot be used: ${why}.`, {
    kind: "unavailable",
    retryable: false,
    hint: "Make it yours to write, or give MNEMOSYNE_MCP_TOKEN.",
    cause,
  });
}
