import type { Namespace } from "@mnemosyne/core";
import { rows, type Work } from "../database/work.ts";
import { listActors } from "./memory-statements.ts";

const NOT_WORD = /[^\p{L}\p{N}\p{M}]+/gu;

/** Whom a query names, of the actors that may be found. */
export interface NamedActors {
  /** The one whom it names, if it is exactly one. */
  readonly only: string | undefined;
  /** The words of all names in it. */
  readonly words: ReadonlySet<string>;
}

/** An actor, and the words by which a query may name it. */
interface KnownActor {
  readonly actor: string;
  readonly name: string;
}

function knownActor(actor: string): KnownActor {
  return { actor, name: actor.normalize("NFKC").toLowerCase().replace(NOT_WORD, " ").trim() };
}

const NOBODY: NamedActors = { only: undefined, words: new Set() };

/** Looks for actors' names in a query, as whole words in any case. */
export function namedActors(words: readonly string[], actors: readonly KnownActor[]): NamedActors {
  if (actors.length === 0) return NOBODY;
  const text = ` ${words.join(" ")} `;
  const named = new Set<string>();
  const spoken = new Set<string>();
  for (const { actor, name } of actors) {
    if (name === "" || !text.includes(` ${name} `)) continue;
    named.add(actor);
    for (const word of name.split(" ")) spoken.add(word);
  }
  const [first] = named;
  return { only: named.size === 1 ? first : undefined, words: spoken };
}

/** So many actors of a namespace are known by name. */
const MOST_ACTORS = 64;
const MOST_NAMESPACES = 1000;

/** The actors of namespaces, listed anew after something was stored. */
export class KnownActors {
  readonly #actors = new Map<Namespace, readonly KnownActor[]>();
  #listedAt = -1;

  /** `newest`: the newest memory's row. */
  *of(namespaces: readonly Namespace[], newest: number): Work<readonly KnownActor[]> {
    if (newest !== this.#listedAt || this.#actors.size > MOST_NAMESPACES) this.#actors.clear();
    this.#listedAt = newest;
    const actors: KnownActor[] = [];
    for (const namespace of namespaces) {
      let known = this.#actors.get(namespace);
      if (known === undefined) {
        const listed = yield* rows(listActors, { namespace, limit: MOST_ACTORS });
        known = listed.map(([actor]) => knownActor(String(actor)));
        this.#actors.set(namespace, known);
      }
      actors.push(...known);
    }
    return actors;
  }
}
