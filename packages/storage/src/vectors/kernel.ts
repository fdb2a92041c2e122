/**
 * The inner loop of a scan: WebAssembly that multiplies a query with rows of int8, sixteen numbers at a time. It is
 * written out here instruction by instruction, so that no binary has to be trusted.
 */
export interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  /**
   * Writes the products of `count` rows with the query as float32. All but `count` and `width` (bytes of a row, a
   * multiple of 16, also of the query) are addresses in `memory`.
   */
  readonly dot: (rows: number, query: number, count: number, width: number, products: number) => void;
}

// Part of every supported Node, but not of the types that its declarations bring.
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: Record<string, unknown> };
  Memory: new (options: { initial: number; maximum: number }) => Kernel["memory"];
};

/** Bytes of a page of WebAssembly memory. */
export const PAGE = 65_536;
/** All that 32 bits can address. */
const MOST_PAGES = 65_536;

/** Makes a kernel with a memory of its own. */
export function makeKernel(): Kernel {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes()), { host: { memory } });
  return { memory, dot: exports["dot"] as Kernel["dot"] };
}

const I32 = 0x7f;
const V128 = 0x7b;
const NOTHING = 0x40;

// Parameters and locals of the function, by position.
const ROWS = 0;
const QUERY = 1;
const COUNT = 2;
const WIDTH = 3;
const PRODUCTS = 4;
const QUERY_END = 5;
const AT = 6;
const SUM = 7;
const X = 8;
const Y = 9;

function moduleBytes(): Uint8Array {
  const body = [
    2, 2, I32, 3, V128, // locals: QUERY_END, AT; SUM, X, Y
    ...get(QUERY), ...get(WIDTH), ADD, ...set(QUERY_END),
    BLOCK, NOTHING,
    LOOP, NOTHING,
    ...get(COUNT), IS_ZERO, BRANCH_IF, 1,
    ...get(QUERY), ...set(AT),
    ...simd(12), ...Array.from({ length: 16 }, () => 0), ...set(SUM),
    LOOP, NOTHING,
    ...get(ROWS), ...load, ...set(X),
    ...get(AT), ...load, ...set(Y),
    ...addProducts(extendLow),
    ...addProducts(extendHigh),
    ...get(ROWS), ...constant(16), ADD, ...set(ROWS),
    ...get(AT), ...constant(16), ADD, ...set(AT),
    ...get(AT), ...get(QUERY_END), LESS, BRANCH_IF, 0,
    END,
    ...get(PRODUCTS),
    ...lane(0), ...lane(1), ADD, ...lane(2), ...lane(3), ADD, ADD, TO_FLOAT, ...storeFloat,
    ...get(PRODUCTS), ...constant(4), ADD, ...set(PRODUCTS),
    ...get(COUNT), ...constant(1), SUBTRACT, ...set(COUNT),
    BRANCH, 0,
    END,
    END,
    END,
  ]; // oxfmt-ignore
  return Uint8Array.from([
    0x00,
    0x61,
    0x73,
    0x6d,
    1,
    0,
    0,
    0,
    ...section(1, [1, 0x60, 5, I32, I32, I32, I32, I32, 0]),
    ...section(2, [1, ...text("host"), ...text("memory"), 2, 1, 1, ...unsigned(MOST_PAGES)]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...text("dot"), 0, 0]),
    ...section(10, [1, ...unsigned(body.length), ...body]),
  ]);
}

const text = (value: string): number[] => [value.length, ...Buffer.from(value)];
const section = (id: number, content: readonly number[]): number[] => [
  id,
  ...unsigned(content.length),
  ...content,
];
const BLOCK = 0x02;
const LOOP = 0x03;
const END = 0x0b;
const BRANCH = 0x0c;
const BRANCH_IF = 0x0d;
const IS_ZERO = 0x45;
const LESS = 0x49;
const ADD = 0x6a;
const SUBTRACT = 0x6b;
const TO_FLOAT = 0xb2;
const storeFloat = [0x38, 2, 0];
const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];
const constant = (value: number): number[] => [0x41, value];
const simd = (code: number): number[] => [0xfd, ...unsigned(code)];
const load = [...simd(0), 0, 0];
const extendLow = simd(135);
const extendHigh = simd(136);
const multiplyAndAddPairs = simd(186);
const addLanes = simd(174);
const lane = (index: number): number[] => [...get(SUM), ...simd(27), index];
const addProducts = (extend: readonly number[]): number[] => [
  ...get(SUM), ...get(X), ...extend, ...get(Y), ...extend, ...multiplyAndAddPairs, ...addLanes, ...set(SUM),
]; // oxfmt-ignore

/** A number in the variable-length form of the format. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  do {
    const low = left % 128;
    left = Math.floor(left / 128);
    bytes.push(left > 0 ? low + 128 : low);
  } while (left > 0);
  return bytes;
}
