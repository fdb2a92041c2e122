import type { AttemptModel, GateModel, TaskModel } from "../model/run-model.ts";
import { count, duration, money } from "../format.ts";
import { ContextBars } from "./context-bars.tsx";
import { Status } from "./status.tsx";

function Gate({ gate }: { readonly gate: GateModel }) {
  const { findings, verdict } = gate;
  return (
    <details class={`gate is-${verdict}`} open={verdict !== "pass" && findings.length > 0}>
      <summary>
        <Status status={verdict} /> <strong>{gate.gate}</strong>{" "}
        <span class="muted">
          {findings.length === 0
            ? "no findings"
            : `${findings.length} ${findings.length === 1 ? "finding" : "findings"}`}
          , {duration(gate.durationMs)}
        </span>
      </summary>
      {findings.map((finding, index) => (
        <div key={index} class={`finding is-${finding.severity}`}>
          <div>
            <code>{finding.rule}</code> <span class="muted">{finding.severity}</span>
          </div>
          <div>{finding.message}</div>
          {finding.file === undefined ? null : (
            <div class="muted">
              {finding.file}
              {finding.line === undefined ? "" : `:${finding.line}`}
            </div>
          )}
          {finding.evidence === undefined ? null : <pre>{finding.evidence}</pre>}
        </div>
      ))}
    </details>
  );
}

function Attempt({ attempt, isLast }: { readonly attempt: AttemptModel; readonly isLast: boolean }) {
  const { calls, contexts, gates, number, outcome, startedAt, endedAt, tools, why } = attempt;
  const tokens = calls.reduce(
    (sum, { usage }) =>
      sum + usage.inputTokens + usage.outputTokens + usage.cacheReadTokens + usage.cacheWriteTokens,
    0,
  );
  const usd = calls.reduce((sum, { usage }) => sum + usage.usd, 0);
  return (
    <details class="attempt" open={isLast || outcome === "blocked"}>
      <summary>
        Attempt {number} <Status status={outcome} />{" "}
        <span class="muted">
          {startedAt === undefined || endedAt === undefined ? "" : duration(endedAt - startedAt)}
          {calls.length === 0 ? "" : `, ${calls.length} calls, ${count(tokens)} tokens, ${money(usd)}`}
        </span>
      </summary>
      {why === "" ? null : <p class="why">{why}</p>}
      {gates.length === 0 ? null : (
        <section>
          <h4>Gates and their evidence</h4>
          {gates.map((gate, index) => (
            <Gate key={index} gate={gate} />
          ))}
        </section>
      )}
      {contexts.length === 0 ? null : (
        <section>
          <h4>Context</h4>
          <ContextBars contexts={contexts} />
        </section>
      )}
      {tools.length === 0 ? null : (
        <section>
          <h4>What it did</h4>
          <ol class="tools">
            {tools.map(({ tool, ok, summary, durationMs }, index) => (
              <li key={index} class={ok ? "" : "is-failed"}>
                <code>{tool}</code> {summary}{" "}
                <span class="muted">{ok ? duration(durationMs) : "refused or failed"}</span>
              </li>
            ))}
          </ol>
        </section>
      )}
    </details>
  );
}

/** Everything that the journal says about a task. */
export function TaskPanel({ model }: { readonly model: TaskModel }) {
  const { task, status, attempts, changed, memories } = model;
  const { work } = task;
  const text =
    work.kind === "instructions" ? work.instructions : work.kind === "run" ? work.run : work.function;
  return (
    <section class="card panel" aria-label={`Task ${task.id}`}>
      <div class="row">
        <h2>{task.id}</h2>
        <Status status={status} />
      </div>
      {work.kind === "run" ? <pre>{text}</pre> : <p>{text}</p>}
      <dl class="facts">
        <dt>Depends on</dt>
        <dd>{task.dependsOn.join(", ") || "nothing"}</dd>
        {task.writes === undefined ? null : (
          <>
            <dt>May write</dt>
            <dd>{task.writes.join(", ")}</dd>
          </>
        )}
        {changed.length === 0 ? null : (
          <>
            <dt>Changed</dt>
            <dd>{[...new Set(changed)].join(", ")}</dd>
          </>
        )}
        {memories.length === 0 ? null : (
          <>
            <dt>Remembered</dt>
            <dd>{memories.map(({ summary }) => summary).join("; ")}</dd>
          </>
        )}
      </dl>
      {attempts.length === 0 ? <p class="muted">Not started.</p> : null}
      {attempts.toReversed().map((attempt, index) => (
        <Attempt key={attempt.number} attempt={attempt} isLast={index === 0} />
      ))}
    </section>
  );
}
