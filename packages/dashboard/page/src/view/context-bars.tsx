import type { ContextModel } from "../model/run-model.ts";
import { count } from "../format.ts";

/** What each context was put together from, as stacked bars on the scale of its budget. */
export function ContextBars({ contexts }: { readonly contexts: readonly ContextModel[] }) {
  const names = [...new Set(contexts.flatMap(({ sections }) => sections.map(({ name }) => name)))];
  const colour = (name: string): string => `part-${names.indexOf(name) % 8}`;
  return (
    <div>
      {contexts.map(({ at, tokens, budget, sections, dropped, recalled }) => (
        <div key={at} class="context">
          <div
            class="bar"
            role="img"
            aria-label={`${tokens} of ${budget} tokens: ${sections.map(({ name, tokens }) => `${name} ${tokens}`).join(", ")}`}
          >
            {sections.map(({ name, tokens, items }) => (
              <span
                key={name}
                class={colour(name)}
                style={{ width: `${(tokens / Math.max(1, budget)) * 100}%` }}
                title={`${name}: ${tokens} tokens, ${items} items`}
              />
            ))}
          </div>
          <small class="muted">
            {count(tokens)} of {count(budget)} tokens, {recalled.length} memories recalled
            {dropped === 0 ? "" : `, ${dropped} items left out`}
          </small>
        </div>
      ))}
      <ul class="legend">
        {names.map((name) => (
          <li key={name}>
            <span class={`swatch ${colour(name)}`} aria-hidden="true" /> {name}
          </li>
        ))}
      </ul>
    </div>
  );
}
