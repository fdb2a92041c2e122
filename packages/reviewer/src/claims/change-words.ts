/** Words that tell of another time or of somebody else's work. */
export const EARLIER =
  /\b(?:already|previous(?:ly)?|earlier|existing|upstream|before|originally|another|other\s+(?:task|agent)|last\s+(?:week|time|run)|initial(?:ly)?)\b/i;

/** True if a changed path is the one that a name stands for: itself, or what ends with it. */
export function isSamePath(changed: string, path: string): boolean {
  return changed === path || changed.endsWith(`/${path}`);
}
