import type { ExportedMemory, ExportRecord, Namespace } from "@mnemosyne/core";
import type { Database } from "../database/database.ts";
import { rows } from "../database/work.ts";
import { exportedLinks } from "./link-statements.ts";
import { linkOf } from "./links.ts";
import { memoryOf, type Writable } from "./memory-row.ts";
import { exportedRows, getExported } from "./record-statements.ts";

const PAGE = 200;

/**
 * Every memory of a namespace (undefined: of all), then the links among them, a page at a time. What is forgotten
 * meanwhile is missing.
 */
export async function* exportMemories(
  database: Database,
  namespace: Namespace | undefined,
  now: number,
): AsyncGenerator<ExportRecord> {
  const values = { namespace: namespace ?? null, now };
  const ids = (await database.read(() => rows(exportedRows, values))).map((each) => Number(each[0]));
  for (let from = 0; from < ids.length; from += PAGE) {
    const wanted = ids.slice(from, from + PAGE);
    const page = await database.read(() => rows(getExported, { rows: JSON.stringify(wanted), now }));
    const byId = new Map(page.map((cells) => [Number(cells[8]), cells]));
    for (const id of wanted) {
      const cells = byId.get(id);
      if (cells === undefined) continue;
      const memory = memoryOf(cells) as Writable<ExportedMemory>;
      if (typeof cells[9] === "string") memory.idempotencyKey = cells[9];
      yield memory;
    }
  }
  for (let after = 0; ;) {
    const from = after;
    const page = await database.read(() => rows(exportedLinks, { ...values, after: from }));
    for (const cells of page) yield { link: linkOf(cells) };
    const last = page.at(-1);
    if (last === undefined) return;
    after = Number(last[8]);
  }
}
