import { StringDecoder } from "node:string_decoder";

/**
 * Keeps the first and last halves of a stream of bytes. Memory is bounded by the limit, whatever comes.
 */
export class OutputCapture {
  readonly #half: number;
  readonly #onText: ((text: string) => void) | undefined;
  readonly #decoder = new StringDecoder("utf8");
  readonly #head: Buffer[] = [];
  #headBytes = 0;
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #total = 0;

  constructor(limit: number, onText?: (text: string) => void) {
    this.#half = Math.max(1, Math.floor(limit / 2));
    this.#onText = onText;
  }

  add(chunk: Buffer): void {
    this.#total += chunk.length;
    if (this.#onText !== undefined) {
      const text = this.#decoder.write(chunk);
      if (text !== "") this.#onText(text);
    }
    const room = this.#half - this.#headBytes;
    // Copies: a piece of a pooled buffer would keep all of it.
    if (room > 0) {
      this.#head.push(Buffer.from(chunk.subarray(0, room)));
      this.#headBytes += Math.min(room, chunk.length);
    }
    if (chunk.length > room) this.#addTail(Buffer.from(chunk.subarray(Math.max(0, room))));
  }

  #addTail(chunk: Buffer): void {
    this.#tail.push(chunk);
    this.#tailBytes += chunk.length;
    if (this.#tailBytes <= this.#half * 2) return;
    const kept = Buffer.concat(this.#tail).subarray(-this.#half);
    this.#tail = [Buffer.from(kept)];
    this.#tailBytes = this.#half;
  }

  /** What was kept, and how many bytes were not. To be called once, at the end. */
  finish(): { readonly text: string; readonly cut: number } {
    const rest = this.#decoder.end();
    if (rest !== "") this.#onText?.(rest);
    const head = Buffer.concat(this.#head);
    const tail = Buffer.concat(this.#tail).subarray(-this.#half);
    if (this.#total === head.length + tail.length) {
      return { text: Buffer.concat([head, tail]).toString("utf8"), cut: 0 };
    }
    const first = head.subarray(0, wholeEnd(head));
    const last = tail.subarray(wholeStart(tail));
    const cut = this.#total - first.length - last.length;
    return { text: `${first.toString("utf8")}\n… ${cut} bytes cut …\n${last.toString("utf8")}`, cut };
  }
}

/** Where the last whole UTF-8 character ends. */
function wholeEnd(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return needed > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** Where the first whole UTF-8 character starts. */
function wholeStart(bytes: Buffer): number {
  let at = 0;
  while (at < Math.min(3, bytes.length) && ((bytes[at] ?? 0) & 0xc0) === 0x80) at += 1;
  return at;
}
