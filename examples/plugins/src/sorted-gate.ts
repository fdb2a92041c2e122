import { defineGate, type Finding } from "@mnemosyne/core";

/** A gate: the bullets of each changed Markdown file stand in order. `{ file }` limits it to one. */
export const sortedGate = defineGate({
  name: "sorted",
  version: "1",
  async judge({ workspace, changes }, { settings }) {
    const findings: Finding[] = [];
    for (const { path, kind } of changes) {
      const wanted = settings["file"] === undefined ? path.endsWith(".md") : path === settings["file"];
      if (!wanted || kind === "deleted") continue;
      const lines = (await workspace.readText(path)).split("\n");
      const bullets = lines.flatMap((text, at) => (text.startsWith("- ") ? { text, line: at + 1 } : []));
      const wrong = bullets.find(({ text }, at) => text < (bullets[at - 1]?.text ?? ""));
      if (wrong !== undefined)
        findings.push({
          rule: "sorted.order",
          severity: "blocker",
          message: "This line stands behind one that it belongs before. Sort the list.",
          file: path,
          line: wrong.line,
          evidence: wrong.text,
        });
    }
    return { verdict: findings.length === 0 ? "pass" : "fail", findings };
  },
});
