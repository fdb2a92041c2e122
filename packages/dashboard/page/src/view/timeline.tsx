import type { RunModel } from "../model/run-model.ts";
import { duration } from "../format.ts";

const MOST = 300;

/** When each attempt of each task ran. */
export function Timeline({
  run,
  onSelect,
}: {
  readonly run: RunModel;
  readonly onSelect: (id: string) => void;
}) {
  const begin = run.startedAt ?? 0;
  const end = Math.max(run.lastAt, begin + 1);
  const span = end - begin;
  const tasks = [...run.tasks.values()].filter(({ attempts }) =>
    attempts.some(({ startedAt }) => startedAt !== undefined),
  );
  const at = (moment: number): string => `${((moment - begin) / span) * 100}%`;
  return (
    <div class="timeline">
      <div class="axis" aria-hidden="true">
        {[0, 0.25, 0.5, 0.75, 1].map((share) => (
          <span key={share} style={{ left: `${share * 100}%` }}>
            {duration(span * share)}
          </span>
        ))}
      </div>
      {tasks.slice(0, MOST).map(({ id, attempts }) => (
        <div key={id} class="lane">
          <button type="button" class="link" onClick={() => onSelect(id)}>
            {id}
          </button>
          <div class="track">
            {attempts.map(({ number, startedAt, endedAt, outcome }) =>
              startedAt === undefined ? null : (
                <span
                  key={number}
                  class={`span is-${outcome}`}
                  style={{
                    left: at(startedAt),
                    width: `max(3px, ${(((endedAt ?? end) - startedAt) / span) * 100}%)`,
                  }}
                  title={`${id}, attempt ${number}: ${outcome}, ${duration((endedAt ?? end) - startedAt)}`}
                  role="img"
                  aria-label={`Attempt ${number} of ${id}: ${outcome}, ${duration((endedAt ?? end) - startedAt)}`}
                />
              ),
            )}
          </div>
        </div>
      ))}
      {tasks.length > MOST ? <p class="muted">{tasks.length - MOST} more tasks are not drawn.</p> : null}
    </div>
  );
}
