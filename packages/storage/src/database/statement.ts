import { MnemosyneError } from "@mnemosyne/core";
import { is } from "drizzle-orm/entity";
import { Param, Placeholder, sql, type SQL } from "drizzle-orm/sql";
import { SQLiteAsyncDialect } from "drizzle-orm/sqlite-core/dialect";
import { drizzle } from "drizzle-orm/sqlite-proxy/driver";
import type { SqlValue } from "./work.ts";

/** Values of a statement's parameters by name. */
export type StatementValues = Readonly<Record<string, SqlValue>>;

/** SQL text whose parameters are filled by name. Drivers keep what they prepared for it, so make each once. */
export interface Statement {
  readonly sql: string;
  /** The values in the order of the text's parameters. */
  bind(values?: StatementValues): SqlValue[];
}

type Query = SQL | { toSQL(): { readonly sql: string; readonly params: readonly unknown[] } };

/** Drizzle as a builder of SQL: what it builds becomes a {@link Statement} and is executed by our own drivers. */
export const build = drizzle(() => {
  throw new MnemosyneError("E_INTERNAL", "The builder of statements executes nothing.", { kind: "internal" });
});

/** A named parameter of a statement. */
export const parameter = (name: string): SQL => sql`${sql.placeholder(name)}`;

/** The database's clock in milliseconds since 1970. */
export const databaseNow = sql`cast(round(unixepoch('subsec') * 1000) as integer)`;

/** Makes a statement of a Drizzle query or of Drizzle's `sql`. It is built at its first use. */
export function statement(query: () => Query): Statement {
  return new LazyStatement(query);
}

class LazyStatement implements Statement {
  readonly #query: () => Query;
  #built: { readonly sql: string; readonly fillers: readonly Filler[] } | undefined;

  constructor(query: () => Query) {
    this.#query = query;
  }

  get sql(): string {
    return this.#compiled().sql;
  }

  bind(values: StatementValues = NONE): SqlValue[] {
    const { fillers } = this.#built ?? this.#compiled();
    const bound: SqlValue[] = [];
    for (const filler of fillers) {
      const value = filler.name === undefined ? filler.value : values[filler.name];
      // The driver ends the whole process on a boolean, so a wrong type must not get that far.
      if (value === undefined || typeof value === "boolean")
        throw new MnemosyneError(
          "E_INTERNAL",
          `Parameter '${filler.name ?? ""}' of the statement '${this.sql}' is ${value}.`,
          { kind: "internal" },
        );
      bound.push(value);
    }
    return bound;
  }

  #compiled() {
    if (this.#built !== undefined) return this.#built;
    const query = this.#query();
    const { sql, params } = "toSQL" in query ? query.toSQL() : new SQLiteAsyncDialect().sqlToQuery(query);
    this.#built = { sql, fillers: params.map(fillerOf) };
    return this.#built;
  }
}

const NONE: StatementValues = {};

interface Filler {
  readonly name?: string;
  readonly value?: SqlValue;
}

function fillerOf(parameter: unknown): Filler {
  const inner: unknown = is(parameter, Param) ? parameter.value : parameter;
  return is(inner, Placeholder) ? { name: inner.name } : { value: inner as SqlValue };
}
