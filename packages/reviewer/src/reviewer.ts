import {
  MnemosyneError,
  type Clock,
  type Gate,
  type GateContext,
  type GateJudgement,
  type GateRunner,
  type GateSubject,
  type GateUse,
  type ReviewResult,
} from "@mnemosyne/core";
import { defaultGates } from "./default-gates.ts";
import { fingerprint } from "./fingerprint.ts";
import { oneAtATime, settled, wavesOf, type PlannedGate } from "./gate-order.ts";
import { checkResult, errorFinding, notAsked, worthAnotherTry } from "./gate-result.ts";
import { hasRegressed } from "./regression.ts";
import { subjectHash } from "./subject-hash.ts";
import { systemClock } from "./system-clock.ts";
import { overallVerdict } from "./verdict.ts";

/** Options of {@link Reviewer}. */
export interface ReviewerOptions {
  /** Gates beside the built-in ones. A name that is taken is refused with `E_INPUT`. */
  readonly gates?: readonly Gate[];
  /**
   * Verdict of a review that names no gate. Default `inconclusive`: nothing was looked at. Say `pass` where a task
   * without gates is meant to pass.
   */
  readonly empty?: "pass" | "inconclusive";
  /** Milliseconds to wait before each further try of a gate that threw. Default `[200, 1000]`: two more tries. */
  readonly retryDelays?: readonly number[];
  /** How many passes are remembered, so that an identical subject is not judged again. Default 256; 0: none. */
  readonly cacheSize?: number;
  readonly clock?: Clock;
}

/** What {@link Reviewer.review} may use beside the subject. */
export type ReviewContext = Parameters<GateRunner["review"]>[2];

/**
 * Runs gates. Programs run first, side by side, each after the gates whose judgement it looks at; the commands they
 * start run one at a time, because they share a folder. Model gates run last, and only when every program passed: a
 * model can only lower a result. A gate that throws is tried again twice; then its verdict is `error`. Whatever is not
 * `pass` blocks.
 *
 * @example
 * const reviewer = new Reviewer();
 * const result = await reviewer.review(subject, [{ gate: "noTodos", with: {} }], { commands, signal });
 * if (result.verdict !== "pass") console.log(result.gates.flatMap(({ findings }) => findings));
 */
export class Reviewer implements GateRunner {
  readonly #gates = new Map<string, Gate>();
  readonly #passes = new Map<string, GateJudgement>();
  readonly #options: Required<Omit<ReviewerOptions, "gates">>;

  constructor(options: ReviewerOptions = {}) {
    for (const gate of [...defaultGates(), ...(options.gates ?? [])]) {
      if (this.#gates.has(gate.name))
        throw new MnemosyneError(
          "E_INPUT",
          `There is already a gate named '${gate.name}'; give yours another name.`,
          {
            kind: "input",
            path: "gates",
          },
        );
      this.#gates.set(gate.name, gate);
    }
    this.#options = {
      empty: options.empty ?? "inconclusive",
      retryDelays: options.retryDelays ?? [200, 1000],
      cacheSize: options.cacheSize ?? 256,
      clock: options.clock ?? systemClock,
    };
  }

  /** Names of the gates that it can run: the built-in ones first. */
  get names(): readonly string[] {
    return [...this.#gates.keys()];
  }

  /** Versions of all gates, by name. */
  get versions(): ReadonlyMap<string, string> {
    return new Map([...this.#gates.values()].map(({ name, version }) => [name, version]));
  }

  /** Names of those that ask a model. */
  get modelGates(): readonly string[] {
    return [...this.#gates.values()].filter(({ kind }) => kind === "model").map(({ name }) => name);
  }

  /**
   * Judges a subject. The judgements stand in the order in which the gates were named. Throws `E_INPUT` for a name
   * that it does not know, before any gate runs, and `E_CANCELLED` when the signal aborts, once every gate has ended.
   */
  async review(
    subject: GateSubject,
    gates: readonly GateUse[],
    context: ReviewContext,
  ): Promise<ReviewResult> {
    const planned = gates.map((use, index): PlannedGate => ({
      index,
      use,
      gate: this.#gate(use.gate, index),
    }));
    throwIfCancelled(context.signal);
    if (planned.length === 0)
      return { verdict: this.#options.empty, gates: [], fingerprint: "", regressed: false };

    const judged = new Map<number, GateJudgement>();
    const commands = oneAtATime(context.commands);
    const judge = async (entry: PlannedGate, evidence: readonly GateJudgement[]): Promise<void> => {
      const judgement = await this.#judge(entry, subject, { ...context, commands }, evidence);
      judged.set(entry.index, judgement);
      context.onJudged?.(judgement);
    };

    for (const wave of wavesOf(planned.filter(({ gate }) => gate.kind !== "model"))) {
      const before = [...judged.values()];
      await settled(
        wave.map((entry) => {
          const wanted = new Set(entry.gate.after);
          return judge(
            entry,
            before.filter(({ gate }) => wanted.has(gate)),
          );
        }),
      );
      throwIfCancelled(context.signal);
    }

    const programs = [...judged.values()];
    const blocked = programs.filter(({ verdict }) => verdict !== "pass").map(({ gate }) => gate);
    await settled(
      planned
        .filter(({ gate }) => gate.kind === "model")
        .map(async (entry) => {
          if (blocked.length === 0) return judge(entry, programs);
          const judgement = notAsked(entry.gate.name, blocked);
          judged.set(entry.index, judgement);
          context.onJudged?.(judgement);
        }),
    );
    throwIfCancelled(context.signal);

    const ordered = planned.flatMap(({ index }) => judged.get(index) ?? []);
    const verdict = overallVerdict(ordered.map((judgement) => judgement.verdict));
    return {
      verdict,
      gates: ordered,
      fingerprint: fingerprint(ordered),
      regressed: hasRegressed(ordered, context.history ?? []),
    };
  }

  #gate(name: string, index: number): Gate {
    const gate = this.#gates.get(name);
    if (gate !== undefined) return gate;
    throw new MnemosyneError(
      "E_INPUT",
      `There is no gate '${name}'; the gates are ${this.names.join(", ")}.`,
      {
        kind: "input",
        path: `gates[${index}]`,
      },
    );
  }

  async #judge(
    { gate, use }: PlannedGate,
    subject: GateSubject,
    context: ReviewContext,
    evidence: readonly GateJudgement[],
  ): Promise<GateJudgement> {
    const { clock, retryDelays } = this.#options;
    const { model } = context;
    const hash = subjectHash(gate, use.with, subject, {
      judged: evidence,
      ...(gate.kind === "model" && model !== undefined ? { model: `${model.provider}/${model.model}` } : {}),
    });
    const known = this.#passes.get(hash);
    if (known !== undefined) return { ...known, durationMs: 0 };

    const started = clock.now();
    const inner: GateContext = {
      commands: context.commands,
      signal: context.signal,
      settings: use.with,
      judged: evidence,
      ...(model === undefined ? {} : { model }),
    };
    for (let tries = 0; ; tries++) {
      try {
        const result = checkResult(await gate.judge(subject, inner));
        const judgement = { ...result, gate: gate.name, subject: hash, durationMs: clock.now() - started };
        if (judgement.verdict === "pass") this.#remember(hash, judgement);
        return judgement;
      } catch (error) {
        throwIfCancelled(context.signal, error);
        const delay = retryDelays[tries];
        if (delay === undefined || !worthAnotherTry(error))
          return {
            gate: gate.name,
            verdict: "error",
            findings: [errorFinding(gate.name, error, tries + 1)],
            subject: hash,
            durationMs: clock.now() - started,
          };
        try {
          await clock.sleep(delay, context.signal);
        } catch (cause) {
          throwIfCancelled(context.signal, cause);
          throw cause;
        }
      }
    }
  }

  #remember(hash: string, judgement: GateJudgement): void {
    const { cacheSize } = this.#options;
    if (cacheSize <= 0) return;
    this.#passes.set(hash, judgement);
    const oldest = this.#passes.keys().next();
    if (this.#passes.size > cacheSize && oldest.done !== true) this.#passes.delete(oldest.value);
  }
}

function throwIfCancelled(signal: AbortSignal, cause?: unknown): void {
  if (!signal.aborted) return;
  throw new MnemosyneError("E_CANCELLED", "The review was cancelled; nothing was judged.", {
    kind: "cancelled",
    cause: cause ?? signal.reason,
  });
}
