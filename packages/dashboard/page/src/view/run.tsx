import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { RunEvent } from "@mnemosyne/core";
import { followEvents, getRun, readEvents, signalRun, type Recorded } from "../api.ts";
import { count, duration, moment, money } from "../format.ts";
import { emptyRun, foldEvent, openWaits, type RunModel } from "../model/run-model.ts";
import { Graph } from "./graph.tsx";
import { RunLog } from "./run-log.tsx";
import { SpendChart } from "./spend-chart.tsx";
import { Status } from "./status.tsx";
import { TaskPanel } from "./task-panel.tsx";
import { Timeline } from "./timeline.tsx";
import { Waiting } from "./waiting.tsx";

/** Milliseconds between two pictures of a live run. */
const PICTURE = 100;
const ENDED: ReadonlySet<string> = new Set(["completed", "failed", "cancelled", "rolledBack"]);
const TABS = ["Timeline", "Budget", "Coordination", "Events"] as const;

interface LiveRun {
  readonly model: RunModel | undefined;
  readonly fault: string | undefined;
  readonly isConnected: boolean;
}

/** The run's model, kept up to date; a new object only for a new picture. */
function useRun(runId: string): LiveRun {
  const [, picture] = useState(0);
  const [fault, setFault] = useState<string>();
  const [isConnected, setConnected] = useState(true);
  const model = useRef<RunModel>(undefined);
  useEffect(() => {
    let end: (() => void) | undefined;
    let isGone = false;
    let due = 0;
    const show = (): void => {
      due ||= window.setTimeout(() => {
        due = 0;
        picture((number) => number + 1);
      }, PICTURE);
    };
    const open = async (): Promise<void> => {
      const { plan, head } = await getRun(runId);
      const run = emptyRun(runId, plan.plan);
      for (const event of await readEvents(runId, 0, head)) foldEvent(run, event);
      if (isGone) return;
      model.current = run;
      picture((number) => number + 1);
      end = followEvents(
        runId,
        run.lastSeq,
        (event: RunEvent) => {
          foldEvent(run, event);
          show();
        },
        setConnected,
      );
    };
    open().catch((error: Error) => setFault(error.message));
    return () => {
      isGone = true;
      clearTimeout(due);
      end?.();
    };
  }, [runId]);
  return { model: model.current, fault, isConnected };
}

/** A live run of this database. */
export function Run({ runId, mayAct }: { readonly runId: string; readonly mayAct: boolean }) {
  const { model, fault, isConnected } = useRun(runId);
  const [said, setSaid] = useState("");
  const onSignal = async (signal: object): Promise<void> => {
    try {
      const { changed } = await signalRun(runId, signal);
      setSaid(changed ? "Recorded." : "Nothing was waiting for that; the run is as it was.");
    } catch (error) {
      setSaid((error as Error).message);
    }
  };
  if (fault !== undefined)
    return (
      <p role="alert" class="fault">
        {fault}
      </p>
    );
  if (model === undefined)
    return (
      <p class="muted" role="status">
        Reading the journal…
      </p>
    );
  return (
    <>
      {isConnected ? null : (
        <p role="alert" class="fault">
          The connection is lost; it is tried again.
        </p>
      )}
      <RunView run={model} mayAct={mayAct} said={said} onSignal={onSignal} />
    </>
  );
}

/** A run inside a file. */
export function RecordedRun({ file }: { readonly file: Recorded }) {
  const model = useMemo(() => {
    const run = emptyRun(file.run.runId, file.run.plan.plan);
    for (const event of file.events) foldEvent(run, event);
    return run;
  }, [file]);
  return <RunView run={model} mayAct={false} said="" onSignal={async () => {}} />;
}

interface RunViewProps {
  readonly run: RunModel;
  readonly mayAct: boolean;
  readonly said: string;
  readonly onSignal: (signal: object) => Promise<void>;
}

function RunView({ run, mayAct, said, onSignal }: RunViewProps) {
  const [selected, setSelected] = useState<string>();
  const [tab, setTab] = useState<(typeof TABS)[number]>("Timeline");
  const shown = selected ?? interesting(run);
  const task = shown === undefined ? undefined : run.tasks.get(shown);
  const { usage } = run;
  const tokens = usage.inputTokens + usage.outputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
  const done = [...run.tasks.values()].filter(({ status }) => status === "completed").length;
  const isEnded = ENDED.has(run.status);
  return (
    <>
      <section class="card">
        <div class="row wrap">
          <h1>{run.plan.name}</h1>
          <Status status={run.status} />
          <span class="muted">{run.runId}</span>
          <span class="grow" />
          {mayAct ? <Actions run={run} task={task?.id} isEnded={isEnded} onSignal={onSignal} /> : null}
        </div>
        {run.plan.goal === "" ? null : <p>{run.plan.goal}</p>}
        {run.error === undefined ? null : <p class="fault">{run.error}</p>}
        <p role="status" class="muted" aria-live="polite">
          {said}
        </p>
        <dl class="figures">
          <div>
            <dt>Tasks</dt>
            <dd>
              {done} of {run.tasks.size}
            </dd>
          </div>
          <div>
            <dt>Started</dt>
            <dd>{run.startedAt === undefined ? "not yet" : moment(run.startedAt)}</dd>
          </div>
          <div>
            <dt>{isEnded ? "Took" : "Runs for"}</dt>
            <dd>
              {run.startedAt === undefined ? "" : duration((run.finishedAt ?? run.lastAt) - run.startedAt)}
            </dd>
          </div>
          <div>
            <dt>Model calls</dt>
            <dd>{count(usage.calls)}</dd>
          </div>
          <div>
            <dt>Tokens</dt>
            <dd>{count(tokens)}</dd>
          </div>
          <div>
            <dt>Cost</dt>
            <dd>{money(usage.usd)}</dd>
          </div>
        </dl>
      </section>
      <Waiting waits={isEnded ? [] : openWaits(run)} mayAct={mayAct} onSignal={onSignal} />
      {run.alerts.length === 0 ? null : (
        <section class="card" aria-label="Alerts">
          <h2>Alerts</h2>
          <ul>
            {run.alerts.map(({ at, level, message, task }) => (
              <li key={at}>
                <strong>{level}</strong> {task} {message}
              </li>
            ))}
          </ul>
        </section>
      )}
      <div class="split">
        <section class="card" aria-label="Graph of the plan">
          <Graph run={run} selected={shown} onSelect={setSelected} />
        </section>
        {task === undefined ? null : <TaskPanel model={task} />}
      </div>
      <section class="card">
        <div class="tabs" role="tablist" aria-label="More about the run">
          {TABS.map((name) => (
            <button
              key={name}
              type="button"
              role="tab"
              id={`tab-${name}`}
              aria-selected={tab === name}
              aria-controls="tab-panel"
              onClick={() => setTab(name)}
            >
              {name}
            </button>
          ))}
        </div>
        <div role="tabpanel" id="tab-panel" aria-labelledby={`tab-${tab}`} tabIndex={0}>
          {tab === "Timeline" ? <Timeline run={run} onSelect={setSelected} /> : null}
          {tab === "Budget" ? <SpendChart run={run} /> : null}
          {tab === "Coordination" ? <Coordination run={run} /> : null}
          {tab === "Events" ? <RunLog events={run.log} /> : null}
        </div>
      </section>
    </>
  );
}

/** The task that somebody would want to see first. */
function interesting(run: RunModel): string | undefined {
  const tasks = [...run.tasks.values()];
  for (const status of ["waiting", "failed", "reviewing", "running"]) {
    const found = tasks.find((task) => task.status === status);
    if (found !== undefined) return found.id;
  }
  return (tasks.find(({ attempts }) => attempts.some(({ outcome }) => outcome === "blocked")) ?? tasks[0])
    ?.id;
}

interface ActionsProps {
  readonly run: RunModel;
  readonly task: string | undefined;
  readonly isEnded: boolean;
  readonly onSignal: (signal: object) => Promise<void>;
}

function Actions({ run, task, isEnded, onSignal }: ActionsProps) {
  const status = task === undefined ? undefined : run.tasks.get(task)?.status;
  const canRetry = isEnded && (status === "failed" || status === "skipped" || status === "cancelled");
  const ask = (question: string, signal: object): void => {
    if (confirm(question)) void onSignal(signal);
  };
  return (
    <>
      {canRetry ? (
        <button type="button" onClick={() => void onSignal({ type: "retry", task })}>
          Retry {task}
        </button>
      ) : null}
      {isEnded && run.status !== "rolledBack" ? (
        <button
          type="button"
          class="danger"
          onClick={() => ask("Undo everything that this run did?", { type: "rollback" })}
        >
          Roll back
        </button>
      ) : null}
      {isEnded ? null : (
        <button
          type="button"
          class="danger"
          onClick={() =>
            ask("Cancel this run? Running work is ended; nothing is undone.", { type: "cancel" })
          }
        >
          Cancel run
        </button>
      )}
    </>
  );
}

function Coordination({ run }: { readonly run: RunModel }) {
  if (run.coordination.length === 0)
    return <p class="muted">No lease, handoff or deadlock is in the journal.</p>;
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Event</th>
            <th scope="col">Task</th>
            <th scope="col">What</th>
          </tr>
        </thead>
        <tbody>
          {run.coordination.slice(-200).map(({ at, type, task, text }, index) => (
            <tr key={`${at} ${index}`}>
              <td>
                <code>{type}</code>
              </td>
              <td>{task}</td>
              <td>{text}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
