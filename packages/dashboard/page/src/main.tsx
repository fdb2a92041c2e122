import { render } from "preact";
import { App } from "./app.tsx";
import { openSession, recorded } from "./api.ts";
import "./style.css";
import "uplot/dist/uPlot.min.css";

/** The code comes in the fragment, which no server and no log sees; it is good once and is taken away at once. */
async function exchangeCode(): Promise<string | undefined> {
  const code = /^#code=([\w-]+)$/.exec(location.hash)?.[1];
  if (code === undefined) return undefined;
  history.replaceState(null, "", location.pathname);
  try {
    await openSession(code);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const root = document.querySelector("#app");
if (root !== null) {
  const file = recorded();
  const fault = file === undefined ? await exchangeCode() : undefined;
  render(<App file={file} fault={fault} />, root);
}
