import { MnemosyneError } from "@mnemosyne/core";

/** The vectors of an answer in the order of the texts. Throws `E_MODEL` where it is no such answer. */
export function vectorsOf(reply: unknown, count: number, service: string): readonly (readonly number[])[] {
  const data = isRecord(reply) ? reply["data"] : undefined;
  if (!Array.isArray(data) || data.length !== count)
    throw odd(service, `${Array.isArray(data) ? data.length : "no"} vectors for ${count} texts`);
  const vectors: (readonly number[] | undefined)[] = Array.from({ length: count }, () => undefined);
  for (const [nth, item] of (data as readonly unknown[]).entries()) {
    if (!isRecord(item)) throw odd(service, "an item that is no object");
    const { index = nth, embedding } = item;
    if (typeof index !== "number" || !(index in vectors) || vectors[index] !== undefined)
      throw odd(service, `index ${String(index)} out of place`);
    if (!isNumbers(embedding)) throw odd(service, "an embedding that is no list of numbers");
    vectors[index] = embedding;
  }
  return vectors.map((vector) => vector ?? []);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((number) => typeof number === "number");
}

function odd(service: string, what: string): MnemosyneError {
  return new MnemosyneError("E_MODEL", `${service} answered with ${what}.`, {
    kind: "unavailable",
    retryable: false,
    hint: "Check that the url is that of an embeddings service, and its dialect.",
  });
}
