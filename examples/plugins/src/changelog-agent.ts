import { defineAgent } from "@mnemosyne/core";

/** An agent that needs no model: it joins the notes of a release into CHANGELOG.md and remembers how many there were. */
export const changelogAgent = defineAgent({
  name: "changelog",
  async execute(_task, { workspace, memory, signal, heartbeat }) {
    const lines: string[] = [];
    for (const file of await workspace.list("notes/*.md")) {
      signal.throwIfAborted();
      heartbeat(file);
      lines.push(`- ${(await workspace.readText(file)).trim()}`);
    }
    if (lines.length === 0)
      return {
        status: "failed",
        retryable: false,
        error: { code: "E_NOT_FOUND", kind: "notFound", message: "There are no notes; write one to notes/." },
      };
    await workspace.write("CHANGELOG.md", `# Changelog\n\n${lines.toSorted().join("\n")}\n`);
    await memory.remember(`The last release had ${lines.length} notes.`);
    return {
      status: "completed",
      output: { notes: lines.length },
      report: "I joined the notes in `CHANGELOG.md`.",
    };
  },
});
