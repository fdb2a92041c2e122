import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
  existsSync,
} from "node:fs";
import { createServer } from "node:net";
import { homedir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { createCommandRunner, detectSandbox, openTree, processStartTime } from "@mnemosyne/workspace";
import { newFolder } from "./random-folder.ts";

const sandbox = await detectSandbox();
/** The tests that need a sandbox say so in their names and are skipped where there is none. */
const none = sandbox.level === "none";
const home = newFolder("sandbox");
const userHome = mkdtempSync(path.join(realpathSync(homedir()), ".mnemosyne-test-"));
const runner = createCommandRunner({ sandbox });
afterAll(async () => {
  await runner.close();
  rmSync(home, { recursive: true, force: true });
  rmSync(userHome, { recursive: true, force: true });
});

/** A workspace in the user's home, with state, a repository and a tree. */
async function workspaceAtHome() {
  const workspace = mkdtempSync(path.join(userHome, "w-"));
  for (const folder of [".git", ".mnemosyne", "node_modules/pkg", "src"]) {
    mkdirSync(path.join(workspace, folder), { recursive: true });
  }
  writeFileSync(path.join(workspace, ".git/config"), "git");
  writeFileSync(path.join(workspace, ".mnemosyne/mnemosyne.db"), "memories");
  writeFileSync(path.join(workspace, "node_modules/pkg/index.js"), "exports.name = 'pkg'");
  writeFileSync(path.join(workspace, "src/a.txt"), "a");
  const tree = await openTree({
    source: workspace,
    tree: path.join(workspace, ".mnemosyne/trees/run/task/1/1"),
  });
  return { workspace, tree };
}

async function run(line: string, cwd: string, more: object = {}) {
  return await runner.run({ line }, { cwd, sandbox: "required", timeout: 20_000, ...more });
}

test.skipIf(none)(
  "a command works in its tree: reads, writes, programs, shared packages (needs bubblewrap)",
  async () => {
    const { workspace, tree } = await workspaceAtHome();
    const line =
      'cat src/a.txt && echo b > src/b.txt && node -p \'require("pkg").name\' && echo t > "$TMPDIR/x"';
    const result = await run(line, tree.root);
    expect(result).toMatchObject({ exitCode: 0, stdout: "apkg\n", stderr: "" });
    expect(result.sandbox).toEqual({ level: "bubblewrap", missing: [] });
    expect(readFileSync(path.join(tree.root, "src/b.txt"), "utf8")).toBe("b\n");
    expect(existsSync(path.join(workspace, "src/b.txt"))).toBe(false);
    expect((await run("pwd && cat a.txt && echo c > c.txt", path.join(tree.root, "src"))).stdout).toBe(
      `${tree.root}/src\na`,
    );
    expect(readFileSync(path.join(tree.root, "src/c.txt"), "utf8")).toBe("c\n");
  },
);

test.skipIf(none)(
  "of home, temporary folders, state and the workspace behind a tree it sees nothing (needs bubblewrap)",
  async () => {
    const { workspace, tree } = await workspaceAtHome();
    writeFileSync(path.join(userHome, "key"), "private");
    writeFileSync(path.join(home, "temporary"), "private");
    for (const hidden of [
      path.join(userHome, "key"),
      path.join(home, "temporary"),
      path.join(workspace, "src/a.txt"),
      path.join(workspace, ".mnemosyne/mnemosyne.db"),
      path.join(workspace, ".git/config"),
    ]) {
      expect(await run(`cat ${hidden}`, tree.root)).toMatchObject({ exitCode: 1, stdout: "" });
    }
    expect((await run("cat ../../../../../mnemosyne.db; ls ../../../../..", tree.root)).stdout).not.toContain(
      "memories",
    );
  },
);

test.skipIf(none)(
  "it cannot write anything but its folder, not even as root (needs bubblewrap)",
  async () => {
    const { workspace, tree } = await workspaceAtHome();
    const failures: [string, boolean][] = [];
    for (const [at, line] of Object.entries({
      etc: "echo x > /etc/mnemosyne-test",
      usr: "echo x > /usr/mnemosyne-test",
      root: "echo x > /mnemosyne-test",
      cache: "echo x > node_modules/pkg/index.js",
      remount: "mount -o remount,rw / && echo x > /etc/mnemosyne-test",
      sysctl: "cat /proc/sys/kernel/core_pattern > core && cat core > /proc/sys/kernel/core_pattern",
      sysfs: "echo 0 > /sys/kernel/profiling",
      parent: "echo x > ../x",
    })) {
      failures.push([at, (await run(line, tree.root)).exitCode !== 0]);
    }
    // The parent of a tree is an empty folder in memory: what is written there is gone with the command.
    expect(failures.filter(([, failed]) => !failed)).toEqual([["parent", false]]);
    expect(existsSync("/etc/mnemosyne-test") || existsSync("/usr/mnemosyne-test")).toBe(false);
    expect(readFileSync(path.join(workspace, "node_modules/pkg/index.js"), "utf8")).toContain("pkg");
    expect(existsSync(path.join(path.dirname(tree.root), "x"))).toBe(false);
  },
);

test.skipIf(none)(
  "in the workspace itself .git is read-only and .mnemosyne empty (needs bubblewrap)",
  async () => {
    const { workspace } = await workspaceAtHome();
    const line = "echo x >> .git/config; ls -A .mnemosyne; cat .git/config; echo y > src/a.txt";
    const { stdout } = await run(line, workspace);
    expect(stdout).toBe("git");
    expect(readFileSync(path.join(workspace, ".git/config"), "utf8")).toBe("git");
    expect(readFileSync(path.join(workspace, "src/a.txt"), "utf8")).toBe("y\n");
  },
);

test.skipIf(none)(
  "there is no network but its own loopback, unless asked for (needs bubblewrap)",
  async () => {
    const { tree } = await workspaceAtHome();
    const server = createServer((socket) => void socket.end("hello"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { readonly port: number };
    const program = `require("net").connect(${port}, "127.0.0.1").on("data", (d) => console.log(String(d))).on("error", (e) => console.log(e.code))`;
    const command = { program: process.execPath, args: ["-e", program] } as const;
    const options = { cwd: tree.root, sandbox: "required" } as const;
    expect((await runner.run(command, options)).stdout).toBe("ECONNREFUSED\n");
    expect((await runner.run(command, { ...options, network: true })).stdout).toBe("hello\n");
    server.close();
  },
);

test.skipIf(none)(
  "inputs can be read and writable folders written, wherever they are (needs bubblewrap)",
  async () => {
    const { tree } = await workspaceAtHome();
    const outputs = path.join(home, "outputs");
    mkdirSync(outputs);
    writeFileSync(path.join(home, "inputs.json"), "{}");
    const env = {
      MNEMOSYNE_INPUTS: path.join(home, "inputs.json"),
      MNEMOSYNE_OUTPUT: path.join(outputs, "out.json"),
    };
    const line = "cat $MNEMOSYNE_INPUTS > $MNEMOSYNE_OUTPUT";
    expect(await run(line, tree.root, { env, writable: [outputs] })).toMatchObject({ exitCode: 0 });
    expect(readFileSync(path.join(outputs, "out.json"), "utf8")).toBe("{}");
  },
);

test.skipIf(none)(
  "its processes are alone, and end with it, even those that left the group (needs bubblewrap)",
  async () => {
    const { tree } = await workspaceAtHome();
    const { stdout } = await run("ls /proc | grep -c '^[0-9]'; setsid sleep 300 & echo", tree.root);
    expect(Number(stdout.split("\n")[0])).toBeLessThan(10);
    expect(stdout).not.toContain(String(process.pid));
    const polite = await run("trap 'echo bye; exit 7' TERM; while :; do sleep 0.05; done", tree.root, {
      timeout: 500,
    });
    expect(polite).toMatchObject({ timedOut: true, stdout: "bye\n" });
    await sleep(50);
    expect(processStartTime()).toBeDefined();
  },
);

test("where nothing can hold it, a command that must be held is refused, and another says what was missing", async () => {
  const bare = createCommandRunner({ sandbox: { level: "none", missing: ["bubblewrap is not installed"] } });
  await expect(bare.run({ line: "true" }, { cwd: home, sandbox: "required" })).rejects.toMatchObject({
    code: "E_SANDBOX",
    message: expect.stringContaining("bubblewrap is not installed"),
    hint: expect.stringContaining("apt-get install bubblewrap"),
  });
  expect((await bare.run({ line: "true" }, { cwd: home })).sandbox).toEqual({
    level: "none",
    missing: ["bubblewrap is not installed"],
  });
  await bare.close();
  expect(await detectSandbox("/nowhere")).toMatchObject({ level: "none" });
});

test("git in a tree does not find the workspace's repository", async () => {
  const workspace = path.join(home, "repo");
  mkdirSync(workspace);
  const plain = { sandbox: "off" } as const;
  await runner.run(
    { line: "git init -q . && git config user.email a@b && git config user.name n" },
    { cwd: workspace, ...plain },
  );
  writeFileSync(path.join(workspace, "a.txt"), "a");
  const tree = await openTree({ source: workspace, tree: path.join(workspace, ".mnemosyne/trees/1") });
  const { exitCode } = await runner.run(
    { line: "git add -A && git commit -qm x" },
    { cwd: tree.root, ...plain },
  );
  expect(exitCode).not.toBe(0);
  const log = await runner.run({ line: "git log; git status --porcelain" }, { cwd: workspace, ...plain });
  expect(log.stdout).not.toContain("A ");
});
