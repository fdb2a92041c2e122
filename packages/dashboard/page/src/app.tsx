import { useEffect, useState } from "preact/hooks";
import { getSession, type Recorded, type Session } from "./api.ts";
import { Memories } from "./view/memories.tsx";
import { Performance } from "./view/performance.tsx";
import { RecordedRun, Run } from "./view/run.tsx";
import { Runs } from "./view/runs.tsx";

interface AppProps {
  readonly file: Recorded | undefined;
  readonly fault: string | undefined;
}

function readAddress(): readonly string[] {
  return location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
}

function useAddress(): readonly string[] {
  const [address, setAddress] = useState(readAddress);
  useEffect(() => {
    const changed = (): void => setAddress(readAddress());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return address;
}

/** Light, dark, or as the system says. */
function Theme() {
  const [theme, setTheme] = useState("auto");
  const next = theme === "auto" ? "dark" : theme === "dark" ? "light" : "auto";
  useEffect(() => {
    document.documentElement.dataset["theme"] = theme;
  }, [theme]);
  return (
    <button
      type="button"
      class="quiet"
      onClick={() => setTheme(next)}
      aria-label={`Theme: ${theme}. Change to ${next}.`}
    >
      {theme === "auto" ? "◐ auto" : theme === "dark" ? "● dark" : "○ light"}
    </button>
  );
}

function Frame({
  page,
  session,
  children,
}: {
  readonly page: string;
  readonly session?: Session;
  readonly children: preact.ComponentChildren;
}) {
  const link = (to: string, text: string) => (
    <a href={`#/${to}`} aria-current={page === to ? "page" : undefined}>
      {text}
    </a>
  );
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.querySelector<HTMLElement>("#main")?.focus();
        }}
      >
        Skip to the content
      </a>
      <header class="top">
        <strong class="brand">mnemosyne</strong>
        {session === undefined ? null : (
          <nav aria-label="Views">
            {link("runs", "Runs")}
            {session.hasMemories ? link("memories", "Memories") : null}
            {link("performance", "Performance")}
          </nav>
        )}
        <span class="grow" />
        {session === undefined ? null : (
          <span class="muted">{session.rights === "act" && session.canAct ? "may act" : "view only"}</span>
        )}
        <Theme />
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}

/** The page: a run inside a file, or the views of a server. */
export function App({ file, fault }: AppProps) {
  const [page = "", id = ""] = useAddress();
  const [session, setSession] = useState<Session>();
  const [refused, setRefused] = useState(fault);
  useEffect(() => {
    if (file !== undefined || fault !== undefined) return;
    getSession().then(setSession, (error: Error) => setRefused(error.message));
  }, []);
  if (file !== undefined)
    return (
      <Frame page="run">
        <RecordedRun file={file} />
      </Frame>
    );
  if (refused !== undefined)
    return (
      <Frame page="">
        <section class="card narrow" role="alert">
          <h1>Not open</h1>
          <p>{refused}</p>
          <p>
            Run <code>mnemosyne dashboard</code> and open the address that it prints. Each address opens one
            browser.
          </p>
        </section>
      </Frame>
    );
  if (session === undefined)
    return (
      <Frame page="">
        <p class="muted" role="status">
          Opening…
        </p>
      </Frame>
    );
  const mayAct = session.rights === "act" && session.canAct;
  const view =
    page === "run" && id !== "" ? (
      <Run key={id} runId={id} mayAct={mayAct} />
    ) : page === "memories" ? (
      <Memories />
    ) : page === "performance" ? (
      <Performance />
    ) : (
      <Runs />
    );
  return (
    <Frame page={page === "" ? "runs" : page} session={session}>
      {view}
    </Frame>
  );
}
