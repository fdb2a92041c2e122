import { MnemosyneError } from "@mnemosyne/core";

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * A `fetch` that throws `E_NOT_ALLOWED` for any host but this machine's loopback: give it to a client in tests, so
 * that none of them can reach the network.
 *
 * @example
 * const client = new Anthropic({ baseURL: server.url, apiKey: "test", fetch: loopbackOnly() });
 */
export function loopbackOnly(inner: typeof fetch = fetch): typeof fetch {
  return async (input, init) => {
    const url = new URL(typeof input === "string" || input instanceof URL ? input : input.url);
    if (!LOOPBACK.test(url.hostname))
      throw new MnemosyneError(
        "E_NOT_ALLOWED",
        `${url.host} is not on this machine; tests call loopback only.`,
        {
          kind: "input",
          path: "url",
        },
      );
    return inner(input, init);
  };
}
