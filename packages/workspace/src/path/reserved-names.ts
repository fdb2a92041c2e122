/** Characters that some file systems ignore when they compare names. */
const IGNORED = /[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/gu;
const ASIDE = /^\.mnemosyne-aside-[0-9a-f]{16}(?:\.(?:new|old))?$/u;

/** A name as the most forgiving file system would compare it: no case, no ignorable characters, no trailing dots or spaces. */
function folded(name: string): string {
  return name
    .normalize("NFKC")
    .replaceAll(IGNORED, "")
    .toLowerCase()
    .replace(/[. ]+$/u, "");
}

/** True for `.git` in every spelling that some file system takes for it. */
export function isGitName(name: string): boolean {
  if (!mayBeReserved(name)) return false;
  const plain = folded(name);
  return plain === ".git" || plain === "git~1";
}

/** True for `.mnemosyne` in every spelling that some file system takes for it. */
export function isStateName(name: string): boolean {
  return mayBeReserved(name) && folded(name) === ".mnemosyne";
}

/** True for a file that a merge wrote aside; one that a crash left behind is not part of a workspace. */
export function isAsideName(name: string): boolean {
  return name.startsWith(".mnemosyne-aside-") && ASIDE.test(name);
}

/** Cheap test that lets nearly every name pass without being normalised: it begins with a dot, `gi`, or not in ASCII. */
function mayBeReserved(name: string): boolean {
  const first = name.charCodeAt(0);
  if (first === 0x2e || first > 0x7f) return true;
  const second = name.charCodeAt(1);
  return (first | 0x20) === 0x67 && ((second | 0x20) === 0x69 || second > 0x7f);
}
