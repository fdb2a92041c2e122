import { useEffect, useRef } from "preact/hooks";
import UPlot from "uplot";
import type { RunModel } from "../model/run-model.ts";
import { count, money } from "../format.ts";

const HEIGHT = 220;

/** Tokens over time: what was used, what is reserved on top of it, and the limit. */
export function SpendChart({ run }: { readonly run: RunModel }) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<UPlot>(undefined);
  const limit = run.plan.budget.tokens;
  const points = run.spend;
  const seconds = points.map(({ at }) => at / 1000);
  const data: UPlot.AlignedData = [
    seconds,
    points.map(({ tokens }) => tokens),
    points.map(({ tokens, reserved }) => tokens + reserved),
    points.map(() => limit ?? null),
  ];
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    // A canvas knows no variables: the element's own colour tells what one stands for in this theme.
    const colour = (name: string): string => {
      element.style.color = `var(${name})`;
      const { color } = getComputedStyle(element);
      element.style.color = "";
      return color;
    };
    const axis = {
      stroke: colour("--muted"),
      grid: { stroke: colour("--line") },
      ticks: { stroke: colour("--line") },
    };
    // What was used stays used until the next call.
    const steps = UPlot.paths.stepped?.({ align: 1 });
    const made = new UPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        cursor: { y: false },
        scales: { y: { range: (_chart, _least, most) => [0, Math.max(1, most * 1.1)] } },
        axes: [axis, { ...axis, size: 64, values: (_chart, values) => values.map((value) => count(value)) }],
        series: [
          {},
          {
            label: "used",
            points: { show: false },
            ...(steps === undefined ? {} : { paths: steps }),
            stroke: colour("--accent"),
            width: 2,
            fill: colour("--accent-soft"),
          },
          {
            label: "with reservations",
            points: { show: false },
            ...(steps === undefined ? {} : { paths: steps }),
            stroke: colour("--warn"),
            width: 1,
            dash: [4, 3],
          },
          { label: "limit", points: { show: false }, stroke: colour("--bad"), width: 1 },
        ],
      },
      data,
      element,
    );
    chart.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
    };
  }, []);
  useEffect(() => chart.current?.setData(data), [points.length]);
  const { usage } = run;
  const tokens = usage.inputTokens + usage.outputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
  return (
    <div>
      <p>
        {count(tokens)} tokens in {count(usage.calls)} calls ({count(usage.cacheReadTokens)} read from the
        cache), {money(usage.usd)}
        {limit === undefined ? "; no limit of tokens" : `; limit ${count(limit)} tokens`}
        {run.plan.budget.usd === undefined ? "" : `, ${money(run.plan.budget.usd)}`}
      </p>
      <div ref={place} role="img" aria-label={`Tokens over time: ${tokens} used`} />
    </div>
  );
}
