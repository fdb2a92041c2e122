import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { connect } from "node:net";
import { chmod, readFile, stat } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { APPROVAL, World } from "./world.ts";

let world: World;
let tokens: { readonly view: string; readonly act: string };

beforeAll(async () => {
  world = await World.open();
  tokens = JSON.parse(await readFile(world.dashboard.tokenFile, "utf8")) as typeof tokens;
  await world.storage.store({ content: "<script>alert(1)</script> & <img src=x onerror=alert(2)>" });
  await (await world.begin(APPROVAL, "r1")).result();
});
afterAll(async () => await world.close());

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A request with exactly these headers; fetch would not let a test lie about Host and Origin. */
function ask(
  address: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = httpRequest(
      {
        host: "127.0.0.1",
        port: world.dashboard.port,
        path: address,
        method: options.method ?? "GET",
        headers: options.headers ?? {},
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
      },
    );
    call.on("error", reject);
    call.end(options.body);
  });
}

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
const post = (address: string, body: unknown, headers: Record<string, string>): Promise<Answer> =>
  ask(address, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
const approve = { type: "approve", task: "publish" };

describe("who gets in", () => {
  test("a code opens one session, once, with its rights; the cookie is no script's and no other site's", async () => {
    const [, code = ""] = world.dashboard.address("view").split("#code=");
    const opened = await post("/api/session", { code }, {});
    expect(opened.status).toBe(200);
    const cookie = String(opened.headers["set-cookie"]);
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Strict/);
    const session = { cookie: cookie.split(";")[0] ?? "" };
    expect(JSON.parse((await ask("/api/session", { headers: session })).text)).toMatchObject({
      rights: "view",
    });
    expect((await ask("/api/runs", { headers: session })).status).toBe(200);
    expect((await post("/api/runs/r1/signal", approve, session)).status).toBe(403);
    expect((await post("/api/session", { code }, {})).status).toBe(401);
  });

  test.each(["", "Bearer nothing", "Basic abc", `Bearer ${"a".repeat(43)}`])(
    "'%s' is nobody",
    async (authorization) => {
      const headers = authorization === "" ? {} : { authorization };
      for (const address of [
        "/api/runs",
        "/api/runs/r1",
        "/api/runs/r1/events",
        "/api/memories",
        "/api/performance",
        "/api/session",
      ])
        expect((await ask(address, { headers })).status).toBe(401);
      expect((await post("/api/runs/r1/signal", approve, headers)).status).toBe(401);
    },
  );

  test("a token that may look cannot act", async () => {
    expect((await ask("/api/runs", { headers: bearer(tokens.view) })).status).toBe(200);
    expect((await post("/api/runs/r1/signal", approve, bearer(tokens.view))).status).toBe(403);
    expect((await world.engine.open("r1").report()).status).toBe("paused");
  });

  test("another host name or another site's page is refused before anything is read", async () => {
    for (const host of [
      "evil.example",
      `evil.example:${world.dashboard.port}`,
      "127.0.0.1:1",
      "169.254.169.254",
    ])
      expect((await ask("/api/runs", { headers: { ...bearer(tokens.act), host } })).status).toBe(421);
    for (const origin of ["http://evil.example", "null", `http://127.0.0.1:${world.dashboard.port + 1}`])
      expect((await post("/api/runs/r1/signal", approve, { ...bearer(tokens.act), origin })).status).toBe(
        403,
      );
    expect((await ask("/", { headers: { "sec-fetch-site": "cross-site" } })).status).toBe(403);
    expect((await world.engine.open("r1").report()).status).toBe("paused");
  });

  test("the tokens' file is the user's alone; one that others could read is not trusted", async () => {
    expect((await stat(world.dashboard.tokenFile)).mode & 0o777).toBe(0o600);
    await chmod(world.dashboard.tokenFile, 0o644);
    const { startDashboard } = await import("@mnemosyne/dashboard");
    const second = await startDashboard({
      journal: world.storage.journal,
      tokenFile: world.dashboard.tokenFile,
    });
    await second.close();
    const renewed = JSON.parse(await readFile(world.dashboard.tokenFile, "utf8")) as typeof tokens;
    expect(renewed.act).not.toBe(tokens.act);
    expect((await stat(world.dashboard.tokenFile)).mode & 0o777).toBe(0o600);
  });
});

describe("what is asked for", () => {
  test.each([
    "/../package.json",
    "/..%2f..%2fpackage.json",
    "/assets/../../package.json",
    "/%2e%2e/%2e%2e/etc/passwd",
    "//etc/passwd",
    "/index.html/",
    "/api/runs/..%2f..",
    "/api/nothing",
  ])("%s leads nowhere", async (address) => {
    const { status, text } = await ask(address, { headers: bearer(tokens.act) });
    expect([status === 404, text.includes("mnemosyne/dashboard")]).toEqual([true, false]);
  });

  test("the page allows no foreign code, frame or form, and is compressed", async () => {
    const { headers, status } = await ask("/", { headers: { "accept-encoding": "gzip" } });
    expect(status).toBe(200);
    expect(headers["content-encoding"]).toBe("gzip");
    expect(headers["content-security-policy"]).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(headers["content-security-policy"]).not.toContain("unsafe");
    expect(headers["x-content-type-options"]).toBe("nosniff");
  });

  test("a body that is too large, of another type, no JSON or no decision is refused", async () => {
    const act = bearer(tokens.act);
    expect((await post("/api/runs/r1/signal", { ...approve, text: "x".repeat(100_000) }, act)).status).toBe(
      413,
    );
    const form = { ...act, "content-type": "text/plain" };
    expect((await ask("/api/runs/r1/signal", { method: "POST", headers: form, body: "{}" })).status).toBe(
      415,
    );
    const json = { ...act, "content-type": "application/json" };
    expect((await ask("/api/runs/r1/signal", { method: "POST", headers: json, body: "{" })).status).toBe(400);
    for (const body of [
      { type: "explode" },
      { type: "approve" },
      { type: "approve", task: 7 },
      { type: "answer", task: "publish" },
    ])
      expect((await post("/api/runs/r1/signal", body, act)).status).toBe(400);
    expect((await post("/api/runs/unknown/signal", approve, act)).status).toBe(404);
    expect((await ask("/api/runs?limit=0", { headers: act })).status).toBe(400);
    expect((await ask("/api/runs", { method: "DELETE", headers: act })).status).toBe(405);
  });

  test("a client that sends nothing more is let go, and others are served meanwhile", async () => {
    const socket = connect(world.dashboard.port, "127.0.0.1");
    const head = `POST /api/session HTTP/1.1\r\nHost: 127.0.0.1:${world.dashboard.port}\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{`;
    socket.write(head);
    socket.resume();
    const closed = new Promise<void>((resolve) =>
      socket.on("close", () => resolve()).on("error", () => resolve()),
    );
    expect((await ask("/api/runs", { headers: bearer(tokens.view) })).status).toBe(200);
    await closed;
  }, 30_000);
});

describe("what it says", () => {
  test("events come as they happen, and go on after the last one that was seen", async () => {
    const read = await fetch(`${world.dashboard.origin}/api/runs/r1/events`, {
      headers: { ...bearer(tokens.view), accept: "text/event-stream", "last-event-id": "3" },
      signal: AbortSignal.timeout(20_000),
    });
    const events: { readonly seq: number; readonly type: string }[] = [];
    const reader = read.body?.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    const until = async (type: string): Promise<void> => {
      while (!events.some((event) => event.type === type)) {
        const { value = "", done } = (await reader?.read()) ?? {};
        if (done === true) throw new Error(`The stream ended before ${type}.`);
        rest += value;
        const blocks = rest.split("\n\n");
        rest = blocks.pop() ?? "";
        for (const block of blocks) {
          const data = /^data: (.*)$/m.exec(block)?.[1];
          if (data !== undefined) events.push(JSON.parse(data) as (typeof events)[number]);
        }
      }
    };
    await until("run.paused");
    expect(events[0]?.seq).toBe(4);
    expect(await post("/api/runs/r1/signal", approve, bearer(tokens.act))).toMatchObject({
      status: 200,
      text: '{"changed":true}',
    });
    await world.engine.open("r1").result();
    await until("run.finished");
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 4));
    await reader?.cancel();
  }, 30_000);

  test("what is remembered is given as data", async () => {
    const { text, headers } = await ask("/api/memories?query=script&namespace=global", {
      headers: bearer(tokens.view),
    });
    expect(headers["content-type"]).toBe("application/json");
    expect(JSON.parse(text)).toMatchObject({ memories: [{ content: expect.stringContaining("<script>") }] });
  });
});
