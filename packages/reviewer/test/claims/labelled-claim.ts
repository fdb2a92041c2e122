/** A report about a project of this folder, and whether what it says is so. */
export interface LabelledClaim {
  readonly report: string;
  readonly truth: boolean;
}

export const truth = (report: string): LabelledClaim => ({ report, truth: true });
export const lie = (report: string): LabelledClaim => ({ report, truth: false });

/** A report of several true sentences with a place left open, and what fills it: the truth in one, a lie in the other. */
export function twins(report: string, honest: string, invented: string): readonly LabelledClaim[] {
  return [truth(report.replace("%", honest)), lie(report.replace("%", invented))];
}
