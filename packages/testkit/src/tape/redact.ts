const MASK = "[redacted]";

/** Keys of well-known forms. */
const SECRETS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\bsk-[A-Za-z0-9][A-Za-z0-9_-]{15,}/g,
  /\bgh[pousr]_[A-Za-z0-9]{20,}/g,
  /\bgithub_pat_[A-Za-z0-9_]{20,}/g,
  /\bglpat-[A-Za-z0-9_-]{16,}/g,
  /\bnpm_[A-Za-z0-9]{30,}/g,
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\bAIza[A-Za-z0-9_-]{30,}/g,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/g,
  /\bBearer +[A-Za-z0-9._~+/-]{16,}=*/g,
];

/** A text without the secrets in it. */
export type Redact = (text: string) => string;

/** Masks keys and tokens of well-known forms (API keys, access tokens, private keys, JSON web tokens). */
export function redactSecrets(text: string): string {
  return SECRETS.reduce((masked, pattern) => masked.replace(pattern, MASK), text);
}

/** Also masks what is secret whatever it looks like, e.g. the key that a request carried. */
export function alsoRedact(redact: Redact, secrets: readonly string[]): Redact {
  const known = secrets.filter((secret) => secret.length >= 6);
  return (text) => redact(known.reduce((masked, secret) => masked.replaceAll(secret, MASK), text));
}

/**
 * Masks secrets in the body of an event stream. One that is split over several deltas is masked too: the deltas of
 * its block are then joined into the first of them. Without a secret the body comes back as it was.
 */
export function redactEventStream(body: string, redact: Redact): string {
  const frames = body.split("\n\n").map(readFrame);
  const blocks = new Map<string, DeltaFrame[]>();
  for (const frame of frames) {
    if (frame.delta === undefined) continue;
    const key = `${frame.delta.index} ${frame.delta.field}`;
    const list = blocks.get(key) ?? [];
    list.push(frame as DeltaFrame);
    blocks.set(key, list);
  }
  for (const list of blocks.values()) {
    const whole = list.map(({ delta }) => delta.text).join("");
    const masked = redact(whole);
    if (masked === whole) continue;
    for (const [index, frame] of list.entries()) frame.text = withDelta(frame, index === 0 ? masked : "");
  }
  return redact(frames.map((frame) => frame.text).join("\n\n"));
}

interface Frame {
  text: string;
  readonly delta?: { readonly index: number; readonly field: string; readonly text: string };
}

type DeltaFrame = Frame & Required<Pick<Frame, "delta">>;

const DELTA_FIELDS = ["text", "partial_json", "thinking"] as const;
const DATA = /^data: (\{.*\})$/m;

function readFrame(text: string): Frame {
  const event = parseData(text);
  const delta = event?.["delta"] as Record<string, unknown> | undefined;
  if (event?.["type"] !== "content_block_delta" || delta === undefined) return { text };
  for (const field of DELTA_FIELDS) {
    const part = delta[field];
    if (typeof part === "string")
      return { text, delta: { index: Number(event["index"]), field, text: part } };
  }
  return { text };
}

function withDelta(frame: DeltaFrame, part: string): string {
  const event = parseData(frame.text);
  const delta = { ...(event?.["delta"] as object), [frame.delta.field]: part };
  return frame.text.replace(DATA, () => `data: ${JSON.stringify({ ...event, delta })}`);
}

function parseData(text: string): Record<string, unknown> | undefined {
  const data = DATA.exec(text)?.[1];
  if (data === undefined) return undefined;
  try {
    return JSON.parse(data) as Record<string, unknown>;
  } catch {
    // A frame that was cut in the middle has no deltas to join; its text is masked as it stands.
    return undefined;
  }
}
