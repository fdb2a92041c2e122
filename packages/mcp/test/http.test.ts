import { request } from "node:http";
import { connect as connectSocket } from "node:net";
import { createMcpServer, type HttpServer } from "@mnemosyne/mcp";
import { openStorage, type Storage } from "@mnemosyne/storage";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { call } from "./connect.ts";

const TOKEN = "a-token-for-this-test";
let storage: Storage;
let http: HttpServer;

beforeEach(async () => {
  storage = await openStorage(":memory:");
  const server = createMcpServer({ storage, namespace: "project:app" });
  http = await server.serveHttp({ port: 0, token: TOKEN, maxBodyBytes: 10_000, clientTimeout: 400 });
});

afterEach(async () => {
  await http.close();
  await storage.close();
});

const LIST = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly without?: string;
  readonly body?: string;
  readonly chunked?: boolean;
}

/** A request with exactly these headers. Gives the status and the answer, or the code of the error that ended it. */
async function send(sent: Sent = {}): Promise<{ status: number | string | undefined; text: string }> {
  const body = sent.body ?? LIST;
  const headers: Record<string, string> = {
    host: `127.0.0.1:${http.port}`,
    authorization: `Bearer ${TOKEN}`,
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    ...(sent.chunked === true ? {} : { "content-length": String(Buffer.byteLength(body)) }),
    ...sent.headers,
  };
  if (sent.without !== undefined) delete headers[sent.without];
  return await new Promise((resolve) => {
    const { method = "POST", path = "/mcp" } = sent;
    const asked = request(
      { host: "127.0.0.1", port: http.port, method, path, headers, setHost: false },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        response.on("end", () => resolve({ status: response.statusCode, text }));
        response.on("error", (error: NodeJS.ErrnoException) => resolve({ status: error.code, text }));
      },
    );
    asked.on("error", (error: NodeJS.ErrnoException) => resolve({ status: error.code, text: "" }));
    asked.end(method === "POST" ? body : undefined);
  });
}

async function open(mode?: "auto", url = http.url): Promise<Client> {
  const client = new Client(
    { name: "test", version: "1.0.0" },
    mode === undefined ? {} : { versionNegotiation: { mode } },
  );
  await client.connect(
    new StreamableHTTPClientTransport(new URL(url), {
      requestInit: { headers: { authorization: `Bearer ${TOKEN}` } },
    }),
  );
  return client;
}

test.each([undefined, "auto"] as const)(
  "the official client works over it (negotiation %s)",
  async (mode) => {
    const client = await open(mode);
    expect((await client.listTools()).tools.length).toBeGreaterThan(5);
    const { data } = await call(client, "remember", { content: "over HTTP" });
    expect((await call(client, "recall", { query: "HTTP" })).data["results"]).toMatchObject([
      { id: data["id"] },
    ]);
    expect((await call(client, "recall", { query: 1 })).isError).toBe(true);
    await client.close();
  },
);

test("what is right is served, and what is not is refused before anything is read", async () => {
  expect((await send()).status).toBe(200);
  const own = { origin: `http://localhost:${http.port}` };
  expect((await send({ headers: own })).status).toBe(200);
  const refused: readonly [string, Sent, number][] = [
    ["a Host of another name (DNS rebinding)", { headers: { host: `evil.example:${http.port}` } }, 403],
    ["a Host without the port", { headers: { host: "127.0.0.1" } }, 403],
    ["a Host of another port", { headers: { host: "localhost:1" } }, 403],
    ["an Origin of another site", { headers: { origin: "https://evil.example" } }, 403],
    ["an Origin of another local port", { headers: { origin: "http://localhost:1" } }, 403],
    ["an opaque Origin", { headers: { origin: "null" } }, 403],
    ["no token", { without: "authorization" }, 401],
    ["a wrong token", { headers: { authorization: "Bearer another-token-here" } }, 401],
    ["a token with more behind it", { headers: { authorization: `Bearer ${TOKEN}x` } }, 401],
    ["another path", { path: "/" }, 404],
    ["a path that climbs", { path: "/../../etc/passwd" }, 404],
    ["a preflight", { method: "OPTIONS", headers: { origin: "https://evil.example" } }, 403],
    ["another method", { method: "PUT" }, 405],
    ["a body too big", { body: JSON.stringify({ x: "y".repeat(20_000) }) }, 413],
    [
      "a body too big that does not say so",
      { body: "z".repeat(50_000), chunked: true, headers: { "transfer-encoding": "chunked" } },
      413,
    ],
  ];
  for (const [what, sent, status] of refused) {
    const answer = await send(sent);
    expect({ what, status: answer.status }).toEqual({ what, status });
    expect(answer.text).not.toContain("recall");
  }
  // It lives on.
  expect((await send()).status).toBe(200);
});

test("what is no JSON, or no call, is answered as such", async () => {
  expect((await send({ body: "{" })).status).toBe(400);
  expect((await send({ body: "[]" })).status).toBe(400);
  expect((await send({ body: "" })).status).toBeGreaterThanOrEqual(400);
});

test.each([
  ["headers", "POST /mcp HTTP/1.1\r\nHost: x"],
  [
    "a body",
    `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{`,
  ],
])("a client that is too slow with %s is given up", async (_what, text) => {
  const socket = connectSocket(http.port, "127.0.0.1");
  const began = performance.now();
  const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
  socket.on("error", () => {
    // Reset by the server: that is what is waited for.
  });
  socket.resume();
  socket.write(text.replace("PORT", String(http.port)));
  await closed;
  expect(performance.now() - began).toBeLessThan(5000);
  expect((await send()).status).toBe(200);
});

test("hundreds of calls at once are all answered", async () => {
  // With times for a busy machine: it is no slow client.
  await using roomy = await createMcpServer({ storage }).serveHttp({
    port: 0,
    token: TOKEN,
    clientTimeout: 120_000,
  });
  const client = await open(undefined, roomy.url);
  const stored = await Promise.all(
    Array.from({ length: 150 }, (_, index) => call(client, "remember", { content: `fact number ${index}` })),
  );
  expect(new Set(stored.map(({ data }) => data["id"])).size).toBe(150);
  const found = await Promise.all(
    Array.from({ length: 150 }, (_, index) => call(client, "recall", { query: `fact ${index}`, limit: 1 })),
  );
  expect(found.every(({ isError }) => !isError)).toBe(true);
  await client.close();
});

test("a short token and a taken port are refused", async () => {
  const server = createMcpServer({ storage });
  await expect(server.serveHttp({ port: 0, token: "short" })).rejects.toMatchObject({ code: "E_INPUT" });
  await expect(server.serveHttp({ port: http.port, token: TOKEN })).rejects.toMatchObject({
    code: "E_UNAVAILABLE",
  });
});
