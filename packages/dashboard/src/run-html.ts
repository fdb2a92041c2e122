import { MnemosyneError, type Journal, type RunEvent } from "@mnemosyne/core";
import { readPage, type PageFile } from "./page-files.ts";

/** Options of {@link renderRunHtml}. */
export interface RunHtmlOptions {
  readonly journal: Journal;
  readonly runId: string;
}

const PAGE = 5000;

/**
 * One HTML file of a run, to share: the page with the run's events inside. It loads nothing, and what the events say
 * stays data. Throws `E_RUN_NOT_FOUND`.
 */
export async function renderRunHtml({ journal, runId }: RunHtmlOptions): Promise<string> {
  const run = await journal.getRun(runId);
  if (run === undefined)
    throw new MnemosyneError("E_RUN_NOT_FOUND", `There is no run '${runId}' in this database.`, {
      kind: "notFound",
      path: "runId",
    });
  const events: RunEvent[] = [];
  for (let after = 0; after < run.head;) {
    const page = await journal.read(runId, { after, limit: PAGE });
    if (page.length === 0) break;
    events.push(...page);
    after = page.at(-1)?.seq ?? run.head;
  }
  return inlined(await readPage(), { run, events });
}

/** The page with its script, its styles and the data inside. */
function inlined(page: ReadonlyMap<string, PageFile>, data: unknown): string {
  const text = (address: string): string => page.get(address)?.bytes.toString("utf8") ?? "";
  const html = text("/index.html")
    .replace(/<link rel="modulepreload"[^>]*>/g, "")
    .replace(
      /<link rel="stylesheet"[^>]*href="([^"]+)"[^>]*>/,
      (_, address: string) => `<style>${text(address)}</style>`,
    );
  const script = /<script type="module"[^>]*src="([^"]+)"[^>]*><\/script>/.exec(html);
  const policy =
    "<meta http-equiv=\"content-security-policy\" content=\"default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:\">";
  const body = `<script type="application/json" id="recorded">${escaped(JSON.stringify(data))}</script><script type="module">${escapedScript(text(script?.[1] ?? ""))}</script>`;
  return html
    .replace(script?.[0] ?? "", "")
    .replace("<head>", () => `<head>${policy}`)
    .replace("</body>", () => `${body}</body>`);
}

/** JSON that cannot end its script element. */
function escaped(json: string): string {
  return json.replaceAll("<", "\\u003c");
}

/** In a script, only strings, templates and patterns hold such a text; there the escape means the same. */
function escapedScript(script: string): string {
  return script.replaceAll(/<\/(script)/gi, "<\\/$1").replaceAll("<!--", "<\\!--");
}
