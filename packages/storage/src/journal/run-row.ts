import type { RunId, RunRecord, RunStatus, Usage } from "@mnemosyne/core";
import type { Row } from "../database/work.ts";

/** The record of a row (run_id, name, status, plan_hash, started_at, finished_at, usage). */
export function recordOf(row: Row): RunRecord {
  const [runId, name, status, planHash, startedAt, finishedAt, usage] = row;
  return {
    runId: runId as RunId,
    name: String(name),
    status: status as RunStatus,
    planHash: String(planHash),
    startedAt: new Date(Number(startedAt)),
    ...(finishedAt === null ? {} : { finishedAt: new Date(Number(finishedAt)) }),
    usage: JSON.parse(String(usage)) as Usage,
  };
}
