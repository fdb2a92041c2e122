import type { Terminal } from "./terminal.ts";

/** Writes results to stdout and everything else to stderr. */
export class Output {
  readonly json: boolean;
  readonly color: boolean;
  readonly #terminal: Terminal;
  readonly #quiet: boolean;

  constructor(
    terminal: Terminal,
    options: { readonly json: boolean; readonly quiet: boolean; readonly color: boolean },
  ) {
    this.#terminal = terminal;
    this.json = options.json;
    this.#quiet = options.quiet;
    this.color = options.color && terminal.env["NO_COLOR"] === undefined && terminal.stdout.isTTY === true;
  }

  /** A result: as one line of JSON under `--json`, else as text. */
  result(value: object, text: string): void {
    this.line(this.json ? JSON.stringify(value) : text);
  }

  /** A line of the result. */
  line(text: string): void {
    this.#terminal.stdout.write(`${text}\n`);
  }

  /** A remark for people; never on stdout under `--json`. */
  note(text: string): void {
    if (!this.#quiet) this.#terminal.stderr.write(`${text}\n`);
  }

  /** What went wrong; said even when quiet. */
  problem(text: string): void {
    this.#terminal.stderr.write(`${text}\n`);
  }
}
