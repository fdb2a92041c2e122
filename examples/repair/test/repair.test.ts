import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { startMessagesServer, loadScript } from "@mnemosyne/testkit";
import { describe, expect, test } from "vitest";

const MAIN = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const SCRIPT = fileURLToPath(new URL("../scripts/honest.js", import.meta.url));

async function demo(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number | null; readonly stdout: string }> {
  const child = spawn(process.execPath, [MAIN, "--clean", ...args], {
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, stdout };
}

describe("the main job", () => {
  test("a careless repair is blocked, a proper one lands, and the second plan recalls the first", async () => {
    const { code, stdout } = await demo([]);
    expect(stdout).toContain('provider "scripted"');
    expect(stdout).toMatch(/Blocked\n {2}repair-weight\/fix, attempt 1: /);
    expect(stdout).toMatch(/repair-weight: completed, 4 of 4 tasks, changed .*src\/weight\.js/);
    expect(stdout).toMatch(/repair-surcharge: completed, 4 of 4 tasks/);
    expect(stdout).toMatch(/Recalled by the second plan\n {2}\w+: '\w+' of 'repair-weight' passed/);
    expect(stdout).toContain("A script cannot react to what was recalled");
    expect(code).toBe(0);
  }, 120_000);

  test("a model that edits the tests and claims success is blocked", async () => {
    const { code, stdout } = await demo(["--script", "lies"]);
    expect(stdout).toMatch(/Blocked\n {2}repair-weight\/fix, attempt 1: .*test/);
    // It claims a rule that it never wrote.
    expect(stdout).toMatch(/repair-weight\/document, attempt 1: .*docs\/rules\.md.* not changed/);
    expect(stdout).toContain("repair-weight: failed");
    expect(stdout).not.toContain("repair-surcharge");
    expect(code).toBe(1);
  }, 120_000);

  test("with a key the same path runs against whatever ANTHROPIC_BASE_URL names", async () => {
    await using server = await startMessagesServer(await loadScript(SCRIPT));
    const { code, stdout } = await demo([], {
      ANTHROPIC_API_KEY: "sk-test-any",
      ANTHROPIC_BASE_URL: server.url,
    });
    expect(stdout).toContain("Cap: 0.50 USD");
    expect(stdout).not.toContain("scripted");
    expect(code).toBe(0);
    expect(server.bill.calls).toBeGreaterThan(8);
  }, 120_000);

  test("an unknown argument is refused", async () => {
    expect((await demo(["--fast"])).code).toBe(1);
  });
});
