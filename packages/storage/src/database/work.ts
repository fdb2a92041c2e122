import type { Statement, StatementValues } from "./statement.ts";

/** What SQLite takes and gives. */
export type SqlValue = string | number | bigint | null | Uint8Array;

/** One row, its cells in the order of the query. */
export type Row = readonly SqlValue[];

/** One statement to be executed, and what its caller wants back. */
export interface Call {
  readonly statement: Statement;
  readonly parameters: SqlValue[];
  readonly want: "rows" | "row" | "changes";
}

/** What a {@link Call} gave: rows, the first row, or the number of changed rows. */
export type Reply = readonly Row[] | Row | undefined | number;

/**
 * A piece of database work: a generator that yields calls and is sent their replies. One description serves a local
 * connection, which runs it in one go, and a remote one, which awaits each reply. It may be run again from the start,
 * so it must not change anything but the database.
 */
export type Work<Result> = Generator<Call | readonly Call[], Result, Reply>;

/** Whether a piece of work asks one question, or hands over calls whose replies it does not want. */
export function isCall(asked: Call | readonly Call[]): asked is Call {
  return "statement" in asked;
}

/** The call of a statement whose rows are not wanted. */
export function call(statement: Statement, values?: StatementValues): Call {
  return { statement, parameters: statement.bind(values), want: "changes" };
}

/** Every row of a query. */
export function* rows(statement: Statement, values?: StatementValues): Work<readonly Row[]> {
  return (yield { statement, parameters: statement.bind(values), want: "rows" }) as readonly Row[];
}

/** The first row of a query that gives at most one. */
export function* row(statement: Statement, values?: StatementValues): Work<Row | undefined> {
  return (yield { statement, parameters: statement.bind(values), want: "row" }) as Row | undefined;
}

/** Executes a statement and gives the number of rows that it changed. */
export function* run(statement: Statement, values?: StatementValues): Work<number> {
  return (yield { statement, parameters: statement.bind(values), want: "changes" }) as number;
}

/**
 * Executes calls in order. They may be executed as late as before the work's next question or at its end: a remote
 * database gets them in one message.
 */
export function* runAll(calls: readonly Call[]): Work<void> {
  yield calls;
}
