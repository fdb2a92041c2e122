import type { GateSubject } from "@mnemosyne/core";
import type { Files } from "../project.ts";

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

const QUEUE = `import { EventEmitter } from "node:events";
import type { Job, QueueOptions } from "./types.ts";

const DEFAULT_LIMIT = 1000;

/** Holds jobs until a worker takes them. */
export class JobQueue extends EventEmitter {
  readonly #jobs: Job[] = [];
  readonly limit: number;

  constructor(options: QueueOptions = {}) {
    super();
    this.limit = options.limit ?? DEFAULT_LIMIT;
  }

  push(job: Job): void {
    if (this.#jobs.length >= this.limit) throw new QueueFullError(this.limit);
    this.#jobs.push(job);
    this.emit("pushed", job);
  }

  take(): Job | undefined {
    return this.#jobs.shift();
  }

  get size(): number {
    return this.#jobs.length;
  }
}

export class QueueFullError extends Error {
  constructor(limit: number) {
    super(\`The queue holds \${limit} jobs; take some before pushing more.\`);
  }
}
`;

const TYPES = `export interface Job {
  readonly id: string;
  readonly payload: unknown;
  readonly attempts: number;
}

export interface QueueOptions {
  readonly limit?: number;
}
`;

const WORKER = `import type { Job } from "@relay/queue";

/** Runs a job; tries again with a delay that doubles. */
export async function runJob(job: Job, work: (job: Job) => Promise<void>, wait = sleep): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    try {
      await work(job);
      return attempt;
    } catch (error) {
      if (attempt >= job.attempts) throw error;
      await wait(backoff(attempt));
    }
  }
}

export function backoff(attempt: number): number {
  return 100 * 2 ** (attempt - 1);
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
`;

const REPORT_PY = `"""Prints how long jobs waited."""
import json
import sys


def load_jobs(path):
    with open(path, encoding="utf8") as file:
        return [json.loads(line) for line in file]


def mean_wait(jobs):
    return sum(job["wait"] for job in jobs) / len(jobs)


if __name__ == "__main__":
    print(mean_wait(load_jobs(sys.argv[1])))
`;

const TEST = `import test from "node:test";
import assert from "node:assert/strict";

const order = [];
test("keeps the order", () => {
  order.push(1, 2);
  assert.deepEqual(order, [1, 2]);
});
test("refuses more than its limit", () => assert.throws(() => { throw new RangeError("full"); }, RangeError));
test("tells who listens", () => assert.equal(typeof order.push, "function"));
`;

export const RELAY_BEFORE: Files = {
  "package.json": json({
    name: "relay",
    private: true,
    type: "module",
    scripts: { test: "node --test", typecheck: "tsc --noEmit", format: "prettier --write ." },
    devDependencies: { typescript: "5.9.2", prettier: "^3.4.0" },
    workspaces: ["packages/*"],
  }),
  "packages/queue/package.json": json({
    name: "@relay/queue",
    version: "2.1.0",
    type: "module",
    exports: "./src/index.ts",
    dependencies: {},
  }),
  "packages/queue/src/index.ts":
    'export { JobQueue, QueueFullError } from "./job-queue.ts";\nexport type { Job, QueueOptions } from "./types.ts";\n',
  "packages/queue/src/job-queue.ts": QUEUE,
  "packages/queue/src/types.ts": TYPES,
  "packages/queue/test/job-queue.test.mjs": TEST,
  "packages/worker/package.json": json({
    name: "@relay/worker",
    version: "2.1.0",
    type: "module",
    exports: "./src/index.ts",
    dependencies: { "@relay/queue": "workspace:*", pino: "9.5.0" },
  }),
  "packages/worker/src/index.ts": 'export { runJob, backoff } from "./run-job.ts";\n',
  "packages/worker/src/run-job.ts": WORKER,
  "packages/worker/README.md": "# @relay/worker\n\nRuns jobs.\n\n## Retries\n\nDelays double.\n",
  "tools/wait_report.py": REPORT_PY,
  "tools/requirements.txt": "tabulate==0.9.0\n",
  "tsconfig.json": json({ compilerOptions: { strict: true, target: "es2022", module: "nodenext" } }),
  Dockerfile:
    'FROM node:20-slim\nWORKDIR /app\nCOPY . .\nENV RELAY_LIMIT=500\nCMD ["node", "packages/worker/src/index.ts"]\n',
  "CHANGELOG.md": "# Changelog\n\n## 2.1.0\n\n- Retries.\n",
};

export const RELAY_EDITS: Files = {
  "packages/queue/src/job-queue.ts": QUEUE.replace(
    "  take(): Job | undefined {\n    return this.#jobs.shift();\n  }",
    '  take(): Job | undefined {\n    const job = this.#jobs.shift();\n    if (job !== undefined) this.emit("taken", job);\n    return job;\n  }\n\n  /** Removes every job and returns how many there were. */\n  clear(): number {\n    return this.#jobs.splice(0).length;\n  }',
  ),
  "packages/worker/src/run-job.ts": WORKER.replace(
    "export function backoff(attempt: number): number {\n  return 100 * 2 ** (attempt - 1);\n}",
    "const MAX_DELAY = 30_000;\n\nexport function backoff(attempt: number): number {\n  return Math.min(MAX_DELAY, 100 * 2 ** (attempt - 1));\n}",
  ),
  "packages/worker/src/abort-error.ts":
    "/** Thrown when a worker is stopped while it waits. */\nexport class WorkerAbortError extends Error {}\n",
  "packages/worker/src/index.ts":
    'export { WorkerAbortError } from "./abort-error.ts";\nexport { runJob, backoff } from "./run-job.ts";\n',
  "packages/worker/test/run-job.test.mjs": TEST.replaceAll("keeps the order", "stops at the longest delay")
    .replaceAll("refuses more than its limit", "gives up after the last attempt")
    .replaceAll("tells who listens", "counts attempts"),
  "packages/worker/README.md":
    "# @relay/worker\n\nRuns jobs.\n\n## Retries\n\nDelays double, up to 30 seconds.\n",
  "packages/worker/package.json": json({
    name: "@relay/worker",
    version: "2.1.0",
    type: "module",
    exports: "./src/index.ts",
    dependencies: { "@relay/queue": "workspace:*", pino: "9.6.0" },
  }),
  "CHANGELOG.md":
    "# Changelog\n\n## 2.2.0\n\n- `JobQueue` can be cleared.\n- Delays are at most 30 seconds.\n\n## 2.1.0\n\n- Retries.\n",
};

export const RELAY_EFFECTS: GateSubject["effects"] = [
  { tool: "bash", input: { command: "node --test" }, ok: true, summary: "# tests 6\n# pass 6\n# fail 0\n" },
  {
    tool: "bash",
    input: { command: "npx tsc --noEmit" },
    ok: false,
    summary: "packages/worker/src/run-job.ts(3,1): error TS2304\nexit code 2",
  },
  { tool: "bash", input: { command: "npm run typecheck" }, ok: true, summary: "exit code 0" },
  {
    tool: "bash",
    input: { command: "python3 tools/wait_report.py jobs.jsonl" },
    ok: false,
    summary: "FileNotFoundError\nexit code 1",
  },
  { tool: "bash", input: { command: "git diff --stat" }, ok: true },
];
