import { MnemosyneError } from "@mnemosyne/core";
import { ResourceTemplate, type McpServer } from "@modelcontextprotocol/server";
import { fenced, memoryBlock } from "./fence.ts";
import type { McpOptions } from "./options.ts";
import type { Scope } from "./scope.ts";
import { memoryData } from "./shapes.ts";
import { visibleRuns } from "./tools/runs-tool.ts";

type Variables = Readonly<Record<string, string | readonly string[]>>;

/** Registers memories, runs and plans as resources. */
export function addResources(server: McpServer, { storage }: McpOptions, scope: Scope): void {
  const { namespace } = scope;
  server.registerResource(
    "memories",
    "mnemosyne://memories",
    { title: "Newest memories", description: `The 50 newest of ${namespace}.`, mimeType: "application/json" },
    async ({ href }) => json(href, (await storage.listRecent({ namespace, limit: 50 })).map(memoryData)),
  );
  server.registerResource(
    "memory",
    new ResourceTemplate("mnemosyne://memory/{id}", {
      list: async () => ({
        resources: (await storage.listRecent({ namespace, limit: 50 })).map(({ id, summary, content }) => ({
          uri: `mnemosyne://memory/${id}`,
          name: id,
          title: (summary === "" ? content : summary).replaceAll(/\s+/g, " ").slice(0, 100),
          mimeType: "text/plain",
        })),
      }),
    }),
    { title: "A memory", description: "One memory, as data.", mimeType: "text/plain" },
    async ({ href }, variables) => {
      const memory = await scope.visible(idOf(variables));
      return { contents: [{ uri: href, mimeType: "text/plain", text: fenced([memoryBlock(memory)]) }] };
    },
  );
  const { journal } = storage;
  if (journal === undefined) return;
  server.registerResource(
    "runs",
    "mnemosyne://runs",
    { title: "Runs", description: "The 50 newest runs.", mimeType: "application/json" },
    async ({ href }) => json(href, await visibleRuns(journal, scope, 50)),
  );
  const readRun = async (variables: Variables) => {
    const id = idOf(variables);
    const run = await journal.getRun(id);
    if (run !== undefined && scope.holdsPlan(run.plan)) return run;
    throw new MnemosyneError("E_RUN_NOT_FOUND", `There is no run '${id}' in ${namespace}.`, {
      kind: "notFound",
    });
  };
  server.registerResource(
    "run",
    new ResourceTemplate("mnemosyne://run/{id}", {
      list: async () => ({
        resources: (await visibleRuns(journal, scope, 50)).map(({ runId, name, status }) => ({
          uri: `mnemosyne://run/${runId}`,
          name: runId,
          title: `${name} (${status})`,
          mimeType: "application/json",
        })),
      }),
    }),
    { title: "A run", description: "How a run stands, without its plan.", mimeType: "application/json" },
    async ({ href }, variables) => {
      const { plan: _plan, ...record } = await readRun(variables);
      return json(href, record);
    },
  );
  server.registerResource(
    "plan",
    new ResourceTemplate("mnemosyne://run/{id}/plan", { list: undefined }),
    { title: "A run's plan", description: "The plan that a run carries out.", mimeType: "application/json" },
    async ({ href }, variables) => json(href, (await readRun(variables)).plan),
  );
}

function idOf({ id }: Variables): string {
  return decodeURIComponent(typeof id === "string" ? id : (id?.[0] ?? ""));
}

function json(uri: string, value: unknown) {
  return { contents: [{ uri, mimeType: "application/json", text: JSON.stringify(value) }] };
}
