import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Who may come in. */
export interface Access {
  readonly token: string;
  readonly port: number;
}

/** Why a request is not served, with the status that says so. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Why a request is refused before anything of it is read, if it is. */
export function refusalOf(
  { headers, method }: IncomingMessage,
  { token, port }: Access,
): Refusal | undefined {
  const names = [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`];
  // A page of another site that had its name point here would send that name.
  if (headers.host === undefined || !names.includes(headers.host.toLowerCase()))
    return new Refusal(403, "The Host is not this server's.");
  const { origin } = headers;
  if (origin !== undefined && !names.some((name) => origin.toLowerCase() === `http://${name}`))
    return new Refusal(403, "The Origin is not this server's.");
  const [, given = ""] = /^Bearer (.+)$/i.exec(headers.authorization ?? "") ?? [];
  if (!equal(given, token)) return new Refusal(401, "The token is missing or wrong.");
  return method === "POST" || method === "GET" || method === "DELETE"
    ? undefined
    : new Refusal(405, "The method is not allowed.");
}

/** Takes the same time wherever the texts differ. */
function equal(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
