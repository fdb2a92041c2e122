import { execFile, execFileSync } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { watchScreen, type WatchState } from "@mnemosyne/cli";
import type { TaskStatus } from "@mnemosyne/core";
import fc from "fast-check";
import stringWidth from "string-width";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CommandFolder } from "./command.ts";

const BIN = fileURLToPath(new URL("../bin/mnemosyne.js", import.meta.url));

function hasTmux(): boolean {
  try {
    execFileSync("tmux", ["-V"]);
    return true;
  } catch {
    return false;
  }
}

const STATUSES: readonly TaskStatus[] = [
  "pending",
  "ready",
  "running",
  "reviewing",
  "waiting",
  "completed",
  "failed",
  "skipped",
];

test("a picture is never wider or higher than its terminal, whatever the run says", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 120 });
  fc.assert(
    fc.property(
      fc.array(fc.record({ id: text, status: fc.constantFrom(...STATUSES), attempts: fc.nat(5) }), {
        maxLength: 60,
      }),
      fc.array(text, { maxLength: 40 }),
      fc.array(text, { maxLength: 4 }),
      fc.integer({ min: 20, max: 220 }),
      fc.integer({ min: 6, max: 70 }),
      (tasks, lines, waits, columns, rows) => {
        const usage = {
          inputTokens: 1,
          outputTokens: 1,
          cacheReadTokens: 0,
          cacheWriteTokens: 0,
          usd: 0,
          calls: 1,
        };
        const state: WatchState = {
          report: {
            runId: "r1",
            name: lines[0] ?? "run",
            status: "running",
            goal: "",
            head: 1,
            digest: "",
            usage,
            waiting: waits.map((wait, index) => ({
              task: `t${index}` as never,
              kind: "approval",
              attempt: 1,
              text: wait,
            })),
            tasks: tasks.map((task) => ({
              ...task,
              kind: "run",
              gates: [],
              blocked: [],
              errors: [],
              changed: [],
              usage,
            })),
          },
          lines,
          contexts: new Map(tasks.map(({ id }) => [id, { tokens: 10, budget: 40 }])),
          chosen: 0,
          typed: undefined,
          said: "",
          now: 0,
          mayDecide: true,
        };
        const picture = watchScreen(state, { columns, rows, color: false });
        expect(picture.length).toBeLessThan(rows);
        for (const line of picture) expect(stringWidth(line)).toBeLessThan(columns);
      },
    ),
    { numRuns: 200 },
  );
});

describe.skipIf(!hasTmux())("in a real terminal (tmux)", () => {
  let folder: CommandFolder;
  let session: string;
  beforeEach(async () => {
    folder = await CommandFolder.make();
    session = `mnemosyne-${process.pid}-${Date.now()}`;
  });
  afterEach(async () => {
    await tmux("kill-server").catch(() => "");
    await folder.remove();
  });

  async function tmux(...args: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)("tmux", ["-L", session, ...args]);
    return stdout;
  }
  async function open(columns: number, rows: number): Promise<void> {
    const shell = `env -i PATH="$PATH" HOME=${folder.path} TERM=xterm-256color LANG=C.UTF-8 sh`;
    await tmux("new-session", "-d", "-x", String(columns), "-y", String(rows), "-c", folder.path, shell);
    await tmux("send-keys", "PS1='ready> '; clear", "Enter");
    await seen("ready>");
  }
  const type = (text: string): Promise<string> => tmux("send-keys", text, "Enter");
  const screen = (): Promise<string> => tmux("capture-pane", "-p");
  async function seen(text: string | RegExp): Promise<string> {
    for (let tries = 0; tries < 600; tries++) {
      const shown = await screen();
      if (typeof text === "string" ? shown.includes(text) : text.test(shown)) return shown;
      await delay(50);
    }
    throw new Error(`'${String(text)}' was not shown:\n${await screen()}`);
  }

  const PLAN = `version: 1\nname: watched\ntasks:\n  - { id: build, run: "echo built" }\n  - { id: publish, dependsOn: [build], approval: "Publish 2.0?", run: "echo out" }\n`;

  test.each([
    [80, 24],
    [200, 50],
    [40, 12],
  ])(
    "%dx%d: an approval is given in place, and the run is seen to its end",
    async (columns, rows) => {
      await folder.write("plan.yaml", PLAN);
      await folder.call("run", "plan.yaml", "--run-id", "r1", "--json");
      await open(columns, rows);
      await type(`node ${BIN} watch r1`);
      const asked = await seen(/publish: Publish 2\.0\?[^]*a approve/);
      expect(asked).toContain("build");
      for (const line of asked.split("\n")) expect(stringWidth(line)).toBeLessThanOrEqual(columns);
      await tmux("send-keys", "a");
      await seen(/watched completed[^]*ready>/);
    },
    90_000,
  );

  test("Ctrl-C leaves the run as it is and the terminal whole; so does a resize in between", async () => {
    await folder.write("plan.yaml", PLAN);
    await folder.call("run", "plan.yaml", "--run-id", "r1", "--json");
    await open(100, 30);
    await type(`node ${BIN} watch; echo "left with $?"`);
    await seen(/Publish 2\.0\?/);
    await tmux("resize-window", "-x", "50", "-y", "14");
    await seen(/a approve/);
    await tmux("send-keys", "C-c");
    await seen(/left with 130/);
    // Echo and line editing work again, and the cursor is there.
    await type("echo typed-$((40 + 2))");
    await seen("typed-42");
    expect(await tmux("display-message", "-p", "#{cursor_flag}")).toBe("1\n");
    expect((await folder.call("show", "r1", "--json")).lines.at(-1)).toMatchObject({ status: "paused" });
  }, 90_000);
});
