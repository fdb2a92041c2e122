import { useState } from "preact/hooks";
import type { WaitingFor } from "@mnemosyne/core";

interface WaitingProps {
  readonly waits: readonly WaitingFor[];
  readonly mayAct: boolean;
  readonly onSignal: (signal: object) => Promise<void>;
}

function Wait({ wait, mayAct, onSignal }: { readonly wait: WaitingFor } & Omit<WaitingProps, "waits">) {
  const [text, setText] = useState("");
  const [isBusy, setBusy] = useState(false);
  const send = async (signal: object): Promise<void> => {
    setBusy(true);
    try {
      await onSignal({ task: wait.task, ...signal });
    } finally {
      setBusy(false);
    }
  };
  const subject = wait.subject === undefined ? {} : { subject: wait.subject };
  return (
    <li class="wait">
      <div>
        <strong>{wait.task}</strong>{" "}
        <span class="muted">{wait.kind === "gateError" ? "a gate could not judge" : wait.kind}</span>
        <p>{wait.text}</p>
      </div>
      {mayAct ? (
        <div class="row">
          {wait.kind === "question" ? (
            <>
              <label class="field grow">
                <span class="hidden">Answer to {wait.task}</span>
                <input
                  value={text}
                  placeholder="Your answer"
                  onInput={(event) => setText(event.currentTarget.value)}
                />
              </label>
              <button
                type="button"
                disabled={isBusy || text.trim() === ""}
                onClick={() => void send({ type: "answer", text })}
              >
                Answer
              </button>
            </>
          ) : (
            <button
              type="button"
              class="primary"
              disabled={isBusy}
              onClick={() => void send({ type: "approve", ...subject })}
            >
              Approve
            </button>
          )}
          <button type="button" class="danger" disabled={isBusy} onClick={() => void send({ type: "deny" })}>
            Deny
          </button>
        </div>
      ) : (
        <span class="muted">This session may look, but not act.</span>
      )}
    </li>
  );
}

/** What the run waits for, answered in place. */
export function Waiting({ waits, ...rest }: WaitingProps) {
  if (waits.length === 0) return null;
  return (
    <section class="card waiting" aria-label="Waits for a person">
      <h2>Waits for you</h2>
      <ul>
        {waits.map((wait) => (
          <Wait key={`${wait.task} ${wait.kind}`} wait={wait} {...rest} />
        ))}
      </ul>
    </section>
  );
}
