/** One step of the schema. Once released it is never changed: a new step follows it. */
export interface Migration {
  readonly version: number;
  /** The oldest code version that may still write to a file at this version. */
  readonly minimumWriter: number;
  readonly statements: readonly string[];
}
