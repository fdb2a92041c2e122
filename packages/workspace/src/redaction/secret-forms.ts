/** Shorter values are not looked for: they would stand in every other word. */
export const SHORTEST_SECRET = 6;

/**
 * The forms in which a secret may show up in text: as it is, escaped for JSON and URLs, in hex, and in base64 at each of
 * the three places that its bytes may have in a longer encoding. Longest first.
 */
export function secretForms(secret: string): readonly string[] {
  const forms = new Set<string>();
  const add = (form: string): void => {
    if (form.length >= SHORTEST_SECRET) forms.add(form);
  };
  if (secret.length < SHORTEST_SECRET) return [];
  add(secret);
  add(JSON.stringify(secret).slice(1, -1));
  for (const url of urlForms(secret)) {
    add(url);
    add(url.replaceAll(/%[0-9A-F]{2}/gu, (code) => code.toLowerCase()));
  }
  const bytes = Buffer.from(secret, "utf8");
  add(bytes.toString("hex"));
  add(bytes.toString("hex").toUpperCase());
  for (const form of base64Forms(bytes)) {
    // A few characters of base64 stand in any text by chance.
    if (form.length < 8) continue;
    forms.add(form);
    forms.add(form.replaceAll("+", "-").replaceAll("/", "_"));
  }
  // A key of several lines is also printed line by line.
  for (const line of secret.split(/\r?\n/u)) if (line.length >= 16) add(line);
  return [...forms].toSorted((a, b) => b.length - a.length);
}

/** As a part of a path, as strict encoders write it, and as a form field. */
function urlForms(secret: string): readonly string[] {
  const plain = encodeURIComponent(wellFormed(secret));
  const strict = plain.replaceAll(/[!'()*]/gu, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  return [plain, strict, new URLSearchParams({ v: secret }).toString().slice(2)];
}

/** The characters of base64 that depend on these bytes alone, whatever stands before and after them. */
function base64Forms(bytes: Buffer): readonly string[] {
  return [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString("base64")
      .replace(/=+$/u, "");
    const from = Math.ceil((offset * 8) / 6);
    const wholeBits = (offset + bytes.length) * 8;
    return encoded.slice(from, Math.floor(wholeBits / 6));
  });
}

/** Lone surrogates cannot be encoded. */
function wellFormed(text: string): string {
  return Buffer.from(text, "utf8").toString("utf8");
}
