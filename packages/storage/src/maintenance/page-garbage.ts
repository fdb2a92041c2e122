/** A stretch of a page that holds nothing. */
export interface Garbage {
  readonly from: number;
  readonly to: number;
}

/** B-tree pages by their first byte, with the size of their header. */
const HEADERS: ReadonlyMap<number, number> = new Map([
  [2, 12],
  [5, 12],
  [10, 8],
  [13, 8],
]);

/**
 * Where a b-tree page holds nothing but what was deleted from it, or moved away: between the list of its cells and the
 * first cell, and in its chain of free blocks. No stretches for a page of another kind, or one that makes no sense.
 * See "B-tree Pages" of SQLite's file format.
 */
export function garbageOf(page: Buffer, number: number): readonly Garbage[] {
  const header = number === 1 ? 100 : 0;
  const size = HEADERS.get(page[header] ?? 0);
  if (size === undefined) return [];
  const cells = page.readUInt16BE(header + 3);
  const first = page.readUInt16BE(header + 5) || 65_536;
  const list = header + size + 2 * cells;
  if (list > first || first > page.length) return [];
  const found: Garbage[] = [{ from: list, to: first }];
  let block = page.readUInt16BE(header + 1);
  for (let steps = 0; block !== 0; steps++) {
    if (block < first || block + 4 > page.length || steps > page.length) return [];
    const length = page.readUInt16BE(block + 2);
    if (length < 4 || block + length > page.length) return [];
    found.push({ from: block + 4, to: block + length });
    block = page.readUInt16BE(block);
  }
  return found;
}

/** Overwrites stretches with zeros. Gives whether any held something else. */
export function clear(page: Buffer, stretches: readonly Garbage[]): boolean {
  let changed = false;
  for (const { from, to } of stretches)
    if (page.subarray(from, to).some((byte) => byte !== 0)) {
      page.fill(0, from, to);
      changed = true;
    }
  return changed;
}
