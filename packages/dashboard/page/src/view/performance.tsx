import { useEffect, useState } from "preact/hooks";
import type { LatencyRow } from "../../../src/latency.ts";
import { performanceTimes } from "../api.ts";

const REFRESH = 2000;

function milliseconds(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}

/** How long this page's own calls of the database took. */
export function Performance() {
  const [rows, setRows] = useState<readonly LatencyRow[]>([]);
  useEffect(() => {
    const load = (): void => void performanceTimes().then(setRows, () => setRows([]));
    load();
    const timer = setInterval(load, REFRESH);
    return () => clearInterval(timer);
  }, []);
  return (
    <section class="card">
      <h1>Performance</h1>
      <p class="muted">
        Times of the database calls that this page made since the server started; the last 500 of each.
      </p>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Call</th>
              <th scope="col" class="number">
                Times
              </th>
              <th scope="col" class="number">
                p50
              </th>
              <th scope="col" class="number">
                p99
              </th>
              <th scope="col" class="number">
                Longest
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ operation, count, p50, p99, max }) => (
              <tr key={operation}>
                <td>
                  <code>{operation}</code>
                </td>
                <td class="number">{count}</td>
                <td class="number">{milliseconds(p50)}</td>
                <td class="number">{milliseconds(p99)}</td>
                <td class="number">{milliseconds(max)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
