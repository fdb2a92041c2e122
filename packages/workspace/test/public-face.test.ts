import { expect, test } from "vitest";
import * as workspace from "@mnemosyne/workspace";

test("the public names", () => {
  expect(Object.keys(workspace).toSorted()).toMatchInlineSnapshot(`
    [
      "DEFAULT_CACHES",
      "FILTERS_QUERY",
      "applyMerge",
      "createCommandRunner",
      "createRedactor",
      "detectSandbox",
      "diffEntries",
      "diffManifests",
      "dropTree",
      "filtersOff",
      "gitEnvironment",
      "globMatcher",
      "isProcessAlive",
      "killProcessGroup",
      "manifestFromJson",
      "manifestHash",
      "manifestToJson",
      "mergeLines",
      "mergeTree",
      "openShared",
      "openTree",
      "planMerge",
      "processStartTime",
      "readGit",
      "readManifest",
      "readMergePlan",
      "rebaseTree",
      "reopenTree",
      "restoreRecords",
      "unifiedDiff",
    ]
  `);
});
