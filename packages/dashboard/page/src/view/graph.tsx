import { useMemo } from "preact/hooks";
import { BOX, layoutGraph, type EdgePlace } from "../model/graph-layout.ts";
import type { RunModel, TaskModel } from "../model/run-model.ts";
import { markOf } from "./status.tsx";

interface GraphProps {
  readonly run: RunModel;
  readonly selected: string | undefined;
  readonly onSelect: (id: string) => void;
}

function curve({ points }: EdgePlace): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  const last = rest.at(-1) ?? first;
  if (points.length === 2) {
    const middle = (first.x + last.x) / 2;
    return `M${first.x},${first.y} C${middle},${first.y} ${middle},${last.y} ${last.x},${last.y}`;
  }
  return `M${points.map(({ x, y }) => `${x},${y}`).join(" L")}`;
}

function short(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

function doing({ attempts, task, status }: TaskModel): string {
  const last = attempts.at(-1);
  const gate = last?.gates.at(-1);
  if (status === "reviewing" && gate !== undefined) return `${gate.gate} ${gate.verdict}`;
  const tool = last?.tools.at(-1);
  if (status === "running" && tool !== undefined) return `${tool.tool} ${tool.summary}`;
  return task.work.kind === "instructions" ? task.work.agent : task.work.kind;
}

/** The plan as a graph: each task a button. */
export function Graph({ run, selected, onSelect }: GraphProps) {
  const tasks = [...run.tasks.values()];
  const place = useMemo(
    () => layoutGraph(tasks.map(({ id, task }) => ({ id, dependsOn: task.dependsOn }))),
    [run, tasks.length],
  );
  return (
    <div class="graph scroll" tabIndex={0} role="group" aria-label="Tasks and what they depend on">
      <svg width={place.width} height={place.height}>
        <g class="edges" aria-hidden="true">
          {place.edges.map((edge) => (
            <path
              key={`${edge.from} ${edge.to}`}
              d={curve(edge)}
              class={run.tasks.get(edge.from)?.status === "completed" ? "is-done" : ""}
            />
          ))}
        </g>
        {place.nodes.map(({ id, x, y }) => {
          const task = run.tasks.get(id);
          if (task === undefined) return null;
          const { attempts, status } = task;
          return (
            <g
              key={id}
              class={`node is-${status}${selected === id ? " is-selected" : ""}`}
              transform={`translate(${x - BOX.width / 2},${y - BOX.height / 2})`}
              role="button"
              tabIndex={0}
              aria-pressed={selected === id}
              onClick={() => onSelect(id)}
              onKeyDown={(event) => {
                if (event.key !== "Enter" && event.key !== " ") return;
                event.preventDefault();
                onSelect(id);
              }}
            >
              <rect width={BOX.width} height={BOX.height} rx="9" />
              <text aria-hidden="true" class="mark" x="14" y="31">
                {markOf(status)}
              </text>
              <text class="name" x="34" y="22">
                {short(id, 18)}
              </text>
              <text class="doing" x="34" y="39">
                {` ${short(`${status}, ${doing(task)}`, 24)}`}
              </text>
              {attempts.length > 1 ? (
                <text class="tries" x={BOX.width - 12} y="22" text-anchor="end">
                  ×{attempts.length}
                </text>
              ) : null}
            </g>
          );
        })}
      </svg>
    </div>
  );
}
