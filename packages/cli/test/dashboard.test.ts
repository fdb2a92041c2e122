import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CommandFolder, finished } from "./command.ts";

let folder: CommandFolder;
beforeEach(async () => {
  folder = await CommandFolder.make();
});
afterEach(async () => await folder.remove());

test("the page is served, decides for a run, and ends with Ctrl-C", async () => {
  await folder.write(
    "plan.yaml",
    `version: 1\nname: asks\ntasks:\n  - { id: a, approval: "Go on?", run: "echo a > a.txt" }\n`,
  );
  expect((await folder.call("run", "plan.yaml", "--run-id", "r1", "--json")).code).toBe(3);
  const child = folder.start("dashboard", "--json");
  const ending = finished(child);
  let said = "";
  child.stdout?.on("data", (chunk: string) => {
    said += chunk;
  });
  await expect.poll(() => said, { timeout: 30_000 }).toContain("tokenFile");
  const { origin, tokenFile, url } = JSON.parse(said) as Record<"origin" | "tokenFile" | "url", string>;
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#code=/);
  // Neither in the workspace nor in the environment of its tasks.
  expect(path.relative(folder.path, tokenFile)).toMatch(/^\.local\//);
  const { act } = JSON.parse(await readFile(tokenFile, "utf8")) as { readonly act: string };
  const headers = { authorization: `Bearer ${act}`, "content-type": "application/json" };
  const answer = await fetch(`${origin}/api/runs/r1/signal`, {
    method: "POST",
    headers,
    body: JSON.stringify({ type: "approve", task: "a" }),
  });
  expect(await answer.json()).toEqual({ changed: true });
  await expect
    .poll(
      async () =>
        ((await (await fetch(`${origin}/api/runs/r1`, { headers })).json()) as { status: string }).status,
      { timeout: 30_000 },
    )
    .toBe("completed");
  child.kill("SIGINT");
  expect((await ending).code).toBe(130);
}, 90_000);

test("show --html writes a run into one file", async () => {
  await folder.write("plan.yaml", `version: 1\nname: one\ntasks:\n  - { id: a, run: "echo a" }\n`);
  await folder.call("run", "plan.yaml", "--run-id", "r1", "--json");
  expect((await folder.call("show", "r1", "--html", "run.html", "--json")).code).toBe(0);
  const html = await readFile(path.join(folder.path, "run.html"), "utf8");
  expect(html).toContain('id="recorded"');
  expect(html).toContain("run.finished");
  expect((await folder.call("show", "nothing", "--html", "x.html", "--json")).code).toBe(1);
}, 60_000);
