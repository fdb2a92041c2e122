const OWN = "~";

/** A key of a shared value that users cannot write. */
export function ownKey(kind: string, name: string): string {
  return `${OWN}${kind}/${name}`;
}

/** Whether it is such a key. */
export function isOwnKey(key: string): boolean {
  return key.startsWith(OWN);
}

/** A resource that stands for a name and overlaps no other: whatever a glob takes for special, and upper case, is written as its number. */
export function ownResource(kind: string, name: string): string {
  const plain = name.replaceAll(
    /[^a-z0-9_-]/gu,
    (character) => `%${character.codePointAt(0)?.toString(16)};`,
  );
  return `${OWN}${kind}/${plain}`;
}
