import { randomUUID } from "node:crypto";
import { createMcpServer, type McpSkills, type MnemosyneMcpServer } from "@mnemosyne/mcp";
import { createSkillSource, Optimizer, projectSkillRoots, selectSkills } from "@mnemosyne/optimizer";
import { openEngine } from "../runs/run-session.ts";
import { packageManifest } from "../package-manifest.ts";
import type { Session } from "../session.ts";
import { Interrupted } from "../terminal.ts";
import { httpToken } from "./http-token.ts";
import { workspaceReviewer } from "./workspace-reviewer.ts";

/** Flags of `mcp`. */
export interface McpFlags {
  readonly http?: number;
  readonly allowAct?: boolean;
}

/** Serves until the client has gone or the process is told to stop. Over standard streams stdout is the protocol's alone. */
export async function serveMcp(session: Session, flags: McpFlags): Promise<number> {
  const { settings, terminal, output } = session;
  const storage = await session.storage();
  const { engine, close } = await openEngine(session);
  const skillSource = createSkillSource({ roots: projectSkillRoots(settings.root) });
  const skills: McpSkills = {
    select: async (task) => selectSkills(task, await skillSource.list()),
  };
  const allowAct = flags.allowAct ?? false;
  const server = createMcpServer({
    storage,
    engine,
    skills,
    allowAct,
    namespace: settings.namespace,
    version: packageManifest().version,
    assembler: new Optimizer({ memory: storage, skills: skillSource, nonce: randomUUID }),
    reviewer: workspaceReviewer(session, allowAct),
    onError: (error) => output.note(`mnemosyne mcp: ${error.message}`),
  });
  try {
    await (flags.http === undefined ? serveStreams(server, session) : serveWeb(server, session, flags.http));
  } finally {
    await close();
  }
  const { reason } = terminal.signal;
  return reason instanceof Interrupted ? reason.exitCode : 0;
}

async function serveStreams(
  server: MnemosyneMcpServer,
  { terminal, output, settings }: Session,
): Promise<void> {
  const { stdin, stdout, signal } = terminal;
  await using connection = server.serveStdio({ input: stdin as typeof process.stdin, output: stdout });
  output.note(`mnemosyne mcp: serving ${settings.namespace} on standard input and output.`);
  await Promise.race([connection.closed, aborted(signal)]);
}

async function serveWeb(server: MnemosyneMcpServer, session: Session, port: number): Promise<void> {
  const { terminal, output, settings } = session;
  const { token, file } = await httpToken(terminal);
  await using listening = await server.serveHttp({ port, token });
  const { url } = listening;
  const where = file === undefined ? "MNEMOSYNE_MCP_TOKEN" : file;
  output.result({ url, ...(file === undefined ? {} : { tokenFile: file }) }, url);
  output.note(
    `Serving ${settings.namespace}. Clients send 'Authorization: Bearer TOKEN'; the token is in ${where}.`,
  );
  await aborted(terminal.signal);
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
