import { isMnemosyneError, type Gate, type GateContext, type GateSubject } from "@mnemosyne/core";
import { holds, same, soon, type ConformanceCheck } from "./check.ts";

/** A subject to judge, with its context; made anew for each check. */
export interface GateCase {
  readonly subject: GateSubject;
  readonly context: GateContext;
  close?(): Promise<void>;
}

/** What the suite needs to exercise a gate. */
export interface GateConformanceOptions {
  readonly gate: Gate;
  /** Work that the gate has to let through. */
  readonly passing: (signal: AbortSignal) => Promise<GateCase>;
  /** Work that it has to block. */
  readonly failing: (signal: AbortSignal) => Promise<GateCase>;
}

type Judgement = Awaited<ReturnType<Gate["judge"]>>;

/** What every gate must do. */
export function gateConformance({
  gate,
  passing,
  failing,
}: GateConformanceOptions): readonly ConformanceCheck[] {
  const judged = async (
    make: GateConformanceOptions["passing"],
    check: (judge: () => Promise<Judgement>, gateCase: GateCase) => Promise<void>,
    signal = new AbortController().signal,
  ): Promise<void> => {
    const gateCase = await make(signal);
    try {
      await check(() => gate.judge(gateCase.subject, gateCase.context), gateCase);
    } finally {
      await gateCase.close?.();
    }
  };
  return [
    {
      name: "it has a name and a version",
      async run() {
        holds(gate.name !== "" && gate.version !== "", "name or version is empty");
      },
    },
    {
      name: "it passes what is right, without a blocker",
      run: () =>
        judged(passing, async (judge) => {
          const judgement = await judge();
          checkShape(judgement);
          same(judgement.verdict, "pass", `verdict (${describe(judgement)})`);
          same(
            judgement.findings.filter(({ severity }) => severity === "blocker"),
            [],
            "blockers",
          );
        }),
    },
    {
      name: "it blocks what is wrong, and says what and why",
      run: () =>
        judged(failing, async (judge) => {
          const judgement = await judge();
          checkShape(judgement);
          holds(judgement.verdict !== "pass", "it passed");
          holds(
            judgement.findings.some(({ severity }) => severity === "blocker"),
            `a verdict of ${judgement.verdict} has no blocker`,
          );
        }),
    },
    {
      name: "judging the same work twice gives the same verdict and findings",
      run: () =>
        judged(failing, async (judge) => {
          same(key(await judge()), key(await judge()), "the second judgement");
        }),
    },
    {
      name: "judging leaves the work as it was",
      run: () =>
        judged(passing, async (judge, { subject }) => {
          const before = await subject.workspace.hash();
          await judge();
          same(await subject.workspace.hash(), before, "hash of the workspace");
        }),
    },
    {
      name: "an aborted judgement ends soon and does not pass what is wrong",
      run: () =>
        judged(
          failing,
          async (judge) => {
            const call = judge().then(
              ({ verdict }) => holds(verdict !== "pass", "it passed what is wrong"),
              (error: unknown) =>
                holds(
                  isMnemosyneError(error) || (error instanceof Error && error.name === "AbortError"),
                  `it threw ${String(error)}, which is neither an abort nor a MnemosyneError`,
                ),
            );
            await soon(call, 5000, "an aborted judgement");
          },
          AbortSignal.abort(),
        ),
    },
  ];
}

function key({ verdict, findings }: Judgement): unknown {
  return [verdict, findings.map(({ rule, severity, file, line }) => [rule, severity, file, line])];
}

function checkShape({ verdict, findings, passed, measured }: Judgement): void {
  holds(["pass", "fail", "error", "inconclusive"].includes(verdict), `'${verdict}' is no verdict`);
  for (const finding of findings) {
    holds(finding.rule !== "" && finding.message !== "", "a finding without rule or message");
    holds(["blocker", "warning", "note"].includes(finding.severity), `'${finding.severity}' is no severity`);
    holds(
      finding.line === undefined || (Number.isInteger(finding.line) && finding.line > 0),
      "lines count from 1",
    );
  }
  holds(passed === undefined || passed.every((name) => typeof name === "string"), "passed are names");
  holds(measured === undefined || Object.values(measured).every(Number.isFinite), "measured are numbers");
}

function describe(judgement: Judgement): string {
  return judgement.findings.map(({ rule, message }) => `${rule}: ${message}`).join("; ");
}
