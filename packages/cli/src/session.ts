import type { Storage } from "@mnemosyne/storage";
import { mkdir, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import path from "node:path";
import { embedderOf } from "./embedder.ts";
import { Output } from "./output.ts";
import { settingsFor, type GlobalFlags, type Settings } from "./settings.ts";
import type { Terminal } from "./terminal.ts";

/** What one call of the command works with. */
export interface Session {
  readonly terminal: Terminal;
  readonly output: Output;
  readonly settings: Settings;
  /** Opens the database at the first call. */
  storage(): Promise<Storage>;
  close(): Promise<void>;
}

/** Prepares a call: reads flags and config; the database is opened when it is first asked for. */
export async function openSession(flags: GlobalFlags, terminal: Terminal): Promise<Session> {
  const output = new Output(terminal, {
    json: flags.json ?? false,
    quiet: flags.quiet ?? false,
    color: flags.color ?? true,
  });
  const settings = await settingsFor(flags, terminal);
  let opened: Promise<Storage> | undefined;
  return {
    terminal,
    output,
    settings,
    storage() {
      opened ??= open(settings, terminal.env);
      return opened;
    },
    async close() {
      const storage = await opened?.catch(() => {
        // Whoever asked for it has been told why it could not be opened.
        return undefined;
      });
      await storage?.close();
    },
  };
}

async function open(settings: Settings, env: Terminal["env"]): Promise<Storage> {
  const { url, authToken, config } = settings;
  const embedder = await embedderOf(config.embedder, env);
  if (url.startsWith("file:")) {
    const folder = path.dirname(url.slice("file:".length));
    await mkdir(folder, { recursive: true });
    const ignore = path.join(folder, ".gitignore");
    if (path.basename(folder) === ".mnemosyne" && !existsSync(ignore)) await writeFile(ignore, "*\n");
  }
  const { openStorage } = await import("@mnemosyne/storage");
  return await openStorage({
    url,
    ...(authToken === undefined ? {} : { authToken }),
    ...(embedder === undefined ? {} : { embedder }),
  });
}
