import { Orchestrator } from "@mnemosyne/orchestrator";
import { expect, test } from "vitest";

const orchestrator = new Orchestrator();

test.each([
  ["nothing said", { reads: [] }, []],
  ["reads", { reads: ["test/**"] }, [{ resources: ["test/**"], mode: "shared" }]],
  ["writes nothing", { reads: [], writes: [] }, []],
  [
    "reads and writes",
    { reads: ["test/**"], writes: ["src/**", "docs/**"] },
    [
      { resources: ["src/**", "docs/**"], mode: "exclusive" },
      { resources: ["test/**"], mode: "shared" },
    ],
  ],
  [
    "reads what it writes",
    { reads: ["src/a.ts", "test/**"], writes: ["src/**"] },
    [
      { resources: ["src/**"], mode: "exclusive" },
      { resources: ["test/**"], mode: "shared" },
    ],
  ],
])("a task that says: %s", (_name, files, leases) => {
  expect(orchestrator.leasesFor(files)).toEqual(leases);
});
