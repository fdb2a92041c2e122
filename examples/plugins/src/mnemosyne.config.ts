import { defineConfig } from "@mnemosyne/cli";
import { changelogAgent } from "./changelog-agent.ts";
import { countWordsTool } from "./count-words-tool.ts";
import { sortedGate } from "./sorted-gate.ts";

// oxlint-disable-next-line import/no-default-export -- this is how a config is read
export default defineConfig({ agents: [changelogAgent], gates: [sortedGate], tools: [countWordsTool] });
