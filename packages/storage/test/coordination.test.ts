import { openStorage } from "@mnemosyne/storage";
import { beforeAll, expect, test } from "vitest";
import { start } from "./support/child.ts";
import { compiledPackage } from "./support/compiled-package.ts";
import { databases } from "./support/folder.ts";

const { fresh } = databases();

beforeAll(() => {
  compiledPackage();
}, 120_000);

test("of processes that race for a lease one holds it at a time, with rising tokens", async () => {
  const { url, file } = fresh();
  const storage = await openStorage(url);
  const diary = `${file}.diary`;
  const children = Array.from({ length: 3 }, (_, number) =>
    start(
      `
      const { appendFileSync } = await import("node:fs");
      const storage = await openStorage(arguments_[0]);
      // They overlap, though no two are the same.
      const resources = [["src/**"], ["src/a.ts", "docs/x"], ["src"]][Number(arguments_[2])];
      for (let round = 0; round < 12; ) {
        const result = await storage.coordination.acquire({ owner: arguments_[2], resources, mode: "exclusive", ttl: 20_000 });
        if (result.granted === undefined) {
          await pause(2);
          continue;
        }
        appendFileSync(arguments_[1], "enter " + result.granted.token + "\\n");
        await pause(1);
        appendFileSync(arguments_[1], "leave " + result.granted.token + "\\n");
        await storage.coordination.release(result.granted.id, result.granted.token);
        round++;
      }
      await storage.close();
      `,
      [url, diary, String(number)],
    ),
  );
  await Promise.all(children.map((child) => child.ended));
  const { readFileSync } = await import("node:fs");
  const steps = readFileSync(diary, "utf8").trim().split("\n");
  expect(steps).toHaveLength(72);
  let last = 0;
  for (let index = 0; index < steps.length; index += 2) {
    const token = Number(/^enter (\d+)$/.exec(steps[index] ?? "")?.[1]);
    expect(steps[index + 1]).toBe(`leave ${token}`);
    expect(token).toBeGreaterThan(last);
    last = token;
  }
  expect(await storage.coordination.leases()).toEqual([]);
  await storage.close();
}, 60_000);

test("processes that count up one value by compare-and-set lose no step", async () => {
  const { url } = fresh();
  const storage = await openStorage(url);
  const children = Array.from({ length: 3 }, () =>
    start(
      `
      const storage = await openStorage(arguments_[0]);
      for (let round = 0; round < 25; ) {
        const now = await storage.coordination.getValue("counter");
        try {
          await storage.coordination.setValue("counter", (now?.value ?? 0) + 1, now?.version ?? 0);
          round++;
        } catch (error) {
          if (error.code !== "E_VERSION_CONFLICT") throw error;
        }
      }
      await storage.close();
      `,
      [url],
    ),
  );
  await Promise.all(children.map((child) => child.ended));
  expect(await storage.coordination.getValue("counter")).toEqual({ key: "counter", value: 75, version: 75 });
  await storage.close();
}, 60_000);

test.each([
  ["owner", { owner: "" }],
  ["resources", { resources: [] }],
  ["resources[1]", { resources: ["a", "b\u0000"] }],
  ["mode", { mode: "both" as "shared" }],
  ["ttl", { ttl: 0 }],
  ["metadata.at", { metadata: { at: new Date() as unknown as string } }],
])("a request with a wrong %s is refused", async (path, wrong) => {
  const storage = await openStorage(":memory:");
  const request = { owner: "o", resources: ["a"], mode: "exclusive", ttl: 1000, ...wrong } as const;
  await expect(storage.coordination.acquire(request)).rejects.toMatchObject({ code: "E_INPUT", path });
  expect(await storage.coordination.leases()).toEqual([]);
  await storage.close();
});
