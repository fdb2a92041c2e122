import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** What a visitor may do: look, or also decide for runs. */
export type Rights = "view" | "act";

/** Name of the session's cookie. */
export const COOKIE = "mnemosyne_session";

/** Milliseconds in which a code in a printed address can be exchanged. */
const CODE_LIFETIME = 10 * 60_000;
const MOST_SESSIONS = 100;

/** Tokens for programs; they live in a file that only the user can read. */
export interface Tokens {
  readonly view: string;
  readonly act: string;
}

/** A new random token: 256 bits. */
export function newToken(): string {
  return randomBytes(32).toString("base64url");
}

/** Who may do what. Codes are good for one exchange; sessions end with the server. */
export class Access {
  readonly #tokens: Tokens;
  readonly #codes = new Map<string, { readonly rights: Rights; readonly until: number }>();
  readonly #sessions = new Map<string, Rights>();

  constructor(tokens: Tokens) {
    this.#tokens = tokens;
  }

  /** A code for one browser. */
  code(rights: Rights, now: number): string {
    const code = newToken();
    this.#codes.set(hash(code), { rights, until: now + CODE_LIFETIME });
    return code;
  }

  /** Takes a code and gives the session's cookie value, or undefined when the code is unknown, used or too old. */
  exchange(code: string, now: number): { readonly session: string; readonly rights: Rights } | undefined {
    const key = hash(code);
    const known = this.#codes.get(key);
    this.#codes.delete(key);
    if (known === undefined || known.until < now) return undefined;
    const session = newToken();
    this.#sessions.set(hash(session), known.rights);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > MOST_SESSIONS && oldest !== undefined) this.#sessions.delete(oldest);
    return { session, rights: known.rights };
  }

  /** The rights that a request brings along, by cookie or bearer token. */
  rightsOf(request: IncomingMessage): Rights | undefined {
    const bearer = /^Bearer ([\w-]{1,100})$/.exec(request.headers.authorization ?? "")?.[1];
    if (bearer !== undefined) {
      if (isSame(bearer, this.#tokens.act)) return "act";
      return isSame(bearer, this.#tokens.view) ? "view" : undefined;
    }
    for (const part of (request.headers.cookie ?? "").split(";")) {
      const [name, value = ""] = part.trim().split("=");
      if (name === COOKIE) return this.#sessions.get(hash(value));
    }
    return undefined;
  }
}

/** Secrets are looked up by their hash, so that the time of a look-up tells nothing about them. */
function hash(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}

function isSame(a: string, b: string): boolean {
  return timingSafeEqual(createHash("sha256").update(a).digest(), createHash("sha256").update(b).digest());
}
