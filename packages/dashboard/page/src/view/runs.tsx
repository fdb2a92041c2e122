import { useEffect, useState } from "preact/hooks";
import { listRuns, type RunRow } from "../api.ts";
import { count, duration, moment, money } from "../format.ts";
import { Status } from "./status.tsx";

const REFRESH = 2000;

/** Every run, newest first. */
export function Runs() {
  const [runs, setRuns] = useState<readonly RunRow[]>();
  const [fault, setFault] = useState<string>();
  const [wanted, setWanted] = useState("");
  useEffect(() => {
    let timer = 0;
    let isOpen = true;
    const load = async (): Promise<void> => {
      try {
        setRuns(await listRuns());
        setFault(undefined);
      } catch (error) {
        setFault((error as Error).message);
      }
      if (isOpen) timer = window.setTimeout(() => void load(), REFRESH);
    };
    void load();
    return () => {
      isOpen = false;
      clearTimeout(timer);
    };
  }, []);
  const shown = (runs ?? []).filter(({ runId, name, status }) =>
    `${runId} ${name} ${status}`.includes(wanted.trim()),
  );
  return (
    <section class="card">
      <div class="row">
        <h1>Runs</h1>
        <span class="grow" />
        <label class="field">
          <span class="hidden">Filter runs</span>
          <input
            type="search"
            placeholder="Filter by name, id or status"
            value={wanted}
            onInput={(event) => setWanted(event.currentTarget.value)}
          />
        </label>
      </div>
      {fault === undefined ? null : (
        <p role="alert" class="fault">
          {fault}
        </p>
      )}
      {runs === undefined ? (
        <p class="muted" role="status">
          Reading…
        </p>
      ) : shown.length === 0 ? (
        <p class="muted">
          {runs.length === 0 ? "No run yet. Start one with: mnemosyne run plan.yaml" : "No run matches."}
        </p>
      ) : (
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">Run</th>
                <th scope="col">Plan</th>
                <th scope="col">Status</th>
                <th scope="col">Started</th>
                <th scope="col" class="number">
                  Took
                </th>
                <th scope="col" class="number">
                  Calls
                </th>
                <th scope="col" class="number">
                  Tokens
                </th>
                <th scope="col" class="number">
                  Cost
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map(({ runId, name, status, startedAt, finishedAt, usage }) => (
                <tr key={runId}>
                  <td>
                    <a href={`#/run/${encodeURIComponent(runId)}`}>{runId}</a>
                  </td>
                  <td>{name}</td>
                  <td>
                    <Status status={status} />
                  </td>
                  <td>{moment(startedAt)}</td>
                  <td class="number">
                    {finishedAt === undefined ? "" : duration(Date.parse(finishedAt) - Date.parse(startedAt))}
                  </td>
                  <td class="number">{count(usage.calls)}</td>
                  <td class="number">
                    {count(
                      usage.inputTokens + usage.outputTokens + usage.cacheReadTokens + usage.cacheWriteTokens,
                    )}
                  </td>
                  <td class="number">{money(usage.usd)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
