import { existsSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { renderRunHtml } from "@mnemosyne/dashboard";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { APPROVAL, World } from "./world.ts";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  existsSync,
);
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

describe.skipIf(CHROMIUM === undefined)("in a real browser (chromium)", () => {
  let world: World;
  let browser: Browser;
  const faults: string[] = [];

  beforeAll(async () => {
    world = await World.open();
    browser = await chromium.launch({ executablePath: CHROMIUM ?? "", args: ["--no-sandbox"] });
  });
  afterAll(async () => {
    await browser.close();
    await world.close();
    expect(faults).toEqual([]);
  });

  async function open(rights: "view" | "act", colorScheme: "light" | "dark" = "light"): Promise<Page> {
    const context = await browser.newContext({ colorScheme, viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith(world.dashboard.origin)) faults.push(`asked for ${request.url()}`);
    });
    await page.goto(world.dashboard.address(rights));
    await page.getByRole("heading", { name: "Runs" }).waitFor();
    return page;
  }

  /** What axe finds serious. Its script is put in by the debugger, which the page's policy does not hold. */
  async function seriousFaults(page: Page): Promise<readonly string[]> {
    await page.evaluate(axe);
    const { violations } = await page.evaluate<{
      violations: { id: string; impact: string; nodes: { html: string }[] }[];
    }>(`axe.run(document, { resultTypes: ["violations"] })`);
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ""}`);
  }

  test("a run is watched from its start to its end, and an approval is given", async () => {
    const page = await open("act");
    expect(page.url()).not.toContain("code=");
    const run = await world.begin(APPROVAL, "r1");
    await page.getByRole("link", { name: "r1" }).click();
    const waits = page.getByRole("region", { name: "Waits for a person" });
    await waits.getByText("Publish 2.0?").waitFor();
    expect(await seriousFaults(page)).toEqual([]);
    await waits.getByRole("button", { name: "Approve" }).click();
    await page.getByRole("status").getByText("Recorded.").waitFor();
    await run.result();
    await page.getByRole("button", { name: /^publish\s+completed/ }).waitFor();
    await page.locator("h1 + .chip", { hasText: "completed" }).waitFor();
    await page.context().close();
  }, 60_000);

  test("tasks are reached by keyboard, and what gates and attempts said is opened", async () => {
    const run = await world.begin(
      `version: 1\nname: red\ntasks:\n  - { id: a, run: "echo broken >&2; exit 3" }\n`,
      "r2",
    );
    await run.result();
    const page = await open("view");
    await page.getByRole("link", { name: "r2" }).click();
    const task = page.getByRole("button", { name: /^a\s+failed/ });
    await task.focus();
    await page.keyboard.press("Enter");
    await page
      .getByRole("region", { name: "Task a" })
      .getByText(/exit code 3|exited with 3|broken/)
      .first()
      .waitFor();
    expect(await page.getByRole("button", { name: /Approve|Roll back|Cancel/ }).count()).toBe(0);
    for (const tab of ["Timeline", "Budget", "Coordination", "Events"]) {
      await page.getByRole("tab", { name: tab }).click();
      expect(await seriousFaults(page)).toEqual([]);
    }
    await page.context().close();
  }, 60_000);

  test("memories are searched; what they contain stays text", async () => {
    await world.storage.store({
      content: "<img src=x onerror=\"document.title='taken'\"> rounding is upwards",
      importance: 8,
    });
    const page = await open("view", "dark");
    await page.getByRole("link", { name: "Memories" }).click();
    await page.getByRole("searchbox", { name: "Search memories" }).fill("which way is rounding?");
    await page.getByText("rounding is upwards").waitFor();
    await page.getByText("what its score is made of").first().click();
    expect(await page.locator(".parts dt").count()).toBeGreaterThan(0);
    expect(await page.title()).toBe("Mnemosyne");
    expect(await page.locator("li.memory img").count()).toBe(0);
    expect(await seriousFaults(page)).toEqual([]);
    await page.context().close();
  }, 60_000);

  test("without a code nothing is shown, and the way in is told", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(world.dashboard.origin);
    await page.getByRole("alert").getByText("mnemosyne dashboard").waitFor();
    expect(await page.getByRole("table").count()).toBe(0);
    await context.close();
  }, 60_000);

  test("a run in one file opens from the disk, asks for nothing and shows the same", async () => {
    const file = path.join(world.folder, "run.html");
    writeFileSync(file, await renderRunHtml({ journal: world.storage.journal, runId: "r2" }));
    const context = await browser.newContext();
    const page = await context.newPage();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    page.on("pageerror", (error) => faults.push(error.message));
    await page.goto(pathToFileURL(file).href);
    await page.getByRole("button", { name: /^a\s+failed/ }).waitFor();
    expect(asked.filter((url) => !url.startsWith("file:") && !url.startsWith("data:"))).toEqual([]);
    expect(await seriousFaults(page)).toEqual([]);
    await context.close();
  }, 60_000);

  test("a run of 1,000 tasks is painted", async () => {
    const tasks = Array.from(
      { length: 1000 },
      (_, index) => `  - { id: t${index}, ${index < 10 ? "" : `dependsOn: [t${index - 10}], `}run: "true" }`,
    );
    const run = await world.begin(
      `version: 1\nname: wide\ntasks:\n  - { id: first, approval: "Go?", run: "true" }\n${tasks.join("\n")}\n`,
      "r3",
    );
    await run.cancel();
    const page = await open("view");
    await page.goto(`${world.dashboard.origin}/#/run/r3`);
    await page.locator(".node").nth(1000).waitFor({ state: "attached" });
    expect(await page.locator(".node").count()).toBe(1001);
    await page.context().close();
  }, 60_000);
});
