#!/usr/bin/env node
// serve FILE: records effects that are posted, until its standard input ends.
// post NAME [DATA]: tells the sink of EFFECT_SINK_URL that an effect has happened.
import { fsyncSync, openSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";

const [verb, first, second] = process.argv.slice(2);

function serve(file) {
  const descriptor = openSync(file, "a");
  let count = 0;
  const receive = async (request, response) => {
    try {
      const posted = JSON.parse(await text(request));
      const effect = { seq: ++count, at: new Date().toISOString(), ...posted };
      writeSync(descriptor, `${JSON.stringify(effect)}\n`);
      // The answer promises that the effect outlives every process.
      fsyncSync(descriptor);
      response.writeHead(204).end();
    } catch (error) {
      response.writeHead(400).end(String(error));
    }
  };
  const server = createServer((request, response) => void receive(request, response));
  server.listen(0, "127.0.0.1", () => {
    process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` })}\n`);
  });
  process.stdin.resume();
  process.stdin.on("end", () => process.exit(0));
  process.stdin.on("error", () => process.exit(0));
}

async function post(name, data) {
  const { EFFECT_SINK_URL, MNEMOSYNE_IDEMPOTENCY_KEY, MNEMOSYNE_EPOCH } = process.env;
  if (!EFFECT_SINK_URL || !name) {
    process.stderr.write("effect-sink: set EFFECT_SINK_URL and give the effect's name\n");
    process.exit(2);
  }
  const answer = await fetch(EFFECT_SINK_URL, {
    method: "POST",
    body: JSON.stringify({
      name,
      key: MNEMOSYNE_IDEMPOTENCY_KEY ?? "",
      epoch: Number(MNEMOSYNE_EPOCH ?? 0),
      pid: process.ppid,
      ...(data === undefined ? {} : { data }),
    }),
  });
  if (!answer.ok) {
    process.stderr.write(`effect-sink: ${answer.status} ${await answer.text()}\n`);
    process.exit(1);
  }
}

if (verb === "serve" && first) serve(first);
else if (verb === "post") await post(first, second);
else {
  process.stderr.write("usage: effect-sink.mjs serve FILE | post NAME [DATA]\n");
  process.exit(2);
}
