import { useState } from "preact/hooks";
import type { RunEvent } from "@mnemosyne/core";
import { clock } from "../format.ts";

const SHOWN = 200;

function text(event: RunEvent): string {
  const {
    seq: _seq,
    runId: _run,
    at: _at,
    schemaVersion: _version,
    class: _class,
    type: _type,
    ...rest
  } = event;
  return JSON.stringify(rest);
}

/** The journal, newest first. */
export function RunLog({ events }: { readonly events: readonly RunEvent[] }) {
  const [wanted, setWanted] = useState("");
  const found =
    wanted === "" ? events : events.filter((event) => `${event.type} ${text(event)}`.includes(wanted));
  return (
    <div>
      <label class="field">
        <span class="hidden">Filter events</span>
        <input
          type="search"
          placeholder="Filter events"
          value={wanted}
          onInput={(event) => setWanted(event.currentTarget.value)}
        />
      </label>
      <div class="scroll log">
        <table>
          <thead>
            <tr>
              <th scope="col" class="number">
                #
              </th>
              <th scope="col">Time</th>
              <th scope="col">Event</th>
              <th scope="col">What it says</th>
            </tr>
          </thead>
          <tbody>
            {found
              .slice(-SHOWN)
              .toReversed()
              .map((event) => (
                <tr key={event.seq}>
                  <td class="number">{event.seq}</td>
                  <td>{clock(Date.parse(event.at))}</td>
                  <td>
                    <code>{event.type}</code>
                  </td>
                  <td class="clip">{text(event)}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </div>
      {found.length > SHOWN ? (
        <p class="muted">
          The newest {SHOWN} of {found.length} events.
        </p>
      ) : null}
    </div>
  );
}
