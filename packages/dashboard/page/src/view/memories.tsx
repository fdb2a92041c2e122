import { useEffect, useState } from "preact/hooks";
import type { Memory, SearchHit } from "@mnemosyne/core";
import { findMemories, type FoundMemories } from "../api.ts";
import { moment } from "../format.ts";

const TYPING = 200;

function Parts({ hit }: { readonly hit: SearchHit | Memory }) {
  if (!("parts" in hit) || hit.parts === undefined) return null;
  return (
    <dl class="parts">
      {Object.entries(hit.parts).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value.toFixed(3)}</dd>
        </div>
      ))}
    </dl>
  );
}

function Item({ memory }: { readonly memory: SearchHit | Memory }) {
  const { content, createdAt, importance, namespace, provenance, tags, trust, type, version } = memory;
  const from = Object.entries(provenance).map(([name, value]) => `${name} ${String(value)}`);
  return (
    <li class="memory">
      <div class="row wrap">
        {"score" in memory ? <strong class="score">{memory.score.toFixed(3)}</strong> : null}
        <span class="chip">{type}</span>
        <span class={`chip is-${trust}`}>{trust}</span>
        <span class="muted">
          {String(namespace)}, importance {importance}, version {version}, {moment(String(createdAt))}
        </span>
      </div>
      <p class="content">{content}</p>
      {tags.length === 0 ? null : <p class="muted">{tags.map((tag) => `#${tag}`).join(" ")}</p>}
      <details>
        <summary>Where it came from{"parts" in memory ? ", and what its score is made of" : ""}</summary>
        <p class="muted">{from.length === 0 ? "Nobody said." : from.join(", ")}</p>
        <Parts hit={memory} />
      </details>
    </li>
  );
}

/** Search in what is remembered. */
export function Memories() {
  const [query, setQuery] = useState("");
  const [namespace, setNamespace] = useState("global");
  const [found, setFound] = useState<FoundMemories>();
  const [fault, setFault] = useState<string>();
  useEffect(() => {
    let isOld = false;
    const search = async (): Promise<void> => {
      try {
        const answer = await findMemories(query, namespace);
        if (isOld) return;
        setFound(answer);
        setFault(undefined);
      } catch (error) {
        setFault((error as Error).message);
      }
    };
    const timer = setTimeout(() => void search(), TYPING);
    return () => {
      isOld = true;
      clearTimeout(timer);
    };
  }, [query, namespace]);
  const namespaces = [...new Set(["global", ...Object.keys(found?.stats.byNamespace ?? {})])].toSorted();
  return (
    <section class="card">
      <div class="row wrap">
        <h1>Memories</h1>
        <span class="grow" />
        <label>
          Namespace{" "}
          <select value={namespace} onChange={(event) => setNamespace(event.currentTarget.value)}>
            {namespaces.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      <label class="field">
        <span class="hidden">Search memories</span>
        <input
          type="search"
          placeholder="Any words; nothing lists the newest"
          value={query}
          onInput={(event) => setQuery(event.currentTarget.value)}
        />
      </label>
      {fault === undefined ? null : (
        <p role="alert" class="fault">
          {fault}
        </p>
      )}
      <p class="muted" role="status">
        {found === undefined
          ? "Reading…"
          : `${found.memories.length} shown of ${found.stats.totalMemories} in the database`}
      </p>
      <ul class="memories">
        {(found?.memories ?? []).map((memory) => (
          <Item key={memory.id} memory={memory} />
        ))}
      </ul>
    </section>
  );
}
