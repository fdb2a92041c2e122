const NOT_WORD = /[^\p{L}\p{N}\p{M}]+/gu;

/** Whom a query names, of the actors that may be found. */
export interface NamedActors {
  /** The one whom it names, if it is exactly one. */
  readonly only: string | undefined;
  /** The words of all names in it. */
  readonly words: ReadonlySet<string>;
}

/** Looks for actors' names in a query, as whole words in any case. */
export function namedActors(words: readonly string[], actors: readonly string[]): NamedActors {
  const text = ` ${words.join(" ")} `;
  const named = new Set<string>();
  const spoken = new Set<string>();
  for (const actor of actors) {
    const name = actor.normalize("NFKC").toLowerCase().replace(NOT_WORD, " ").trim();
    if (name === "" || !text.includes(` ${name} `)) continue;
    named.add(actor);
    for (const word of name.split(" ")) spoken.add(word);
  }
  const [first] = named;
  return { only: named.size === 1 ? first : undefined, words: spoken };
}
