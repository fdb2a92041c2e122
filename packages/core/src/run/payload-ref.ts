/** Where a payload (an output, a report, findings) is kept: the journal carries the reference, never the text. */
export interface PayloadRef {
  /** SHA-256 of the payload's bytes, hex. */
  readonly hash: string;
  readonly bytes: number;
}
