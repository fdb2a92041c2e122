/** What a check found. */
export interface Diagnosis {
  readonly check: string;
  /** `problem`: something is broken. `note`: something is missing that not everybody needs. */
  readonly status: "ok" | "note" | "problem";
  readonly message: string;
  /** What puts it right. */
  readonly fix?: string;
}

/** All is well. */
export function ok(check: string, message: string): Diagnosis {
  return { check, status: "ok", message };
}

/** Something is missing that not everybody needs. */
export function note(check: string, message: string, fix?: string): Diagnosis {
  return { check, status: "note", message, ...(fix === undefined ? {} : { fix }) };
}

/** Something is broken. */
export function problem(check: string, message: string, fix: string): Diagnosis {
  return { check, status: "problem", message, fix };
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
