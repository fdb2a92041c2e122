// Everything exported here is public API; whatever is not named here is private.
export {
  createCommandRunner,
  type CommandRunnerOptions,
  type OwnedCommandRunner,
} from "./command/command-runner.ts";
export { isProcessAlive, killProcessGroup, processStartTime } from "./command/process-identity.ts";
export { detectSandbox, type Sandbox } from "./command/sandbox.ts";
export { unifiedDiff, type UnifiedDiffOptions } from "./diff/unified-diff.ts";
export { FILTERS_QUERY, filtersOff, gitEnvironment, type GitSetting } from "./git/git-environment.ts";
export { readGit, type GitFacts, type ReadGitOptions } from "./git/read-git.ts";
export { DEFAULT_CACHES } from "./manifest/cache-folders.ts";
export { diffEntries, diffManifests, type EntryChange } from "./manifest/diff-manifests.ts";
export {
  manifestFromJson,
  manifestHash,
  manifestToJson,
  type Manifest,
  type ManifestEntry,
} from "./manifest/manifest.ts";
export {
  applyMerge,
  type ApplyMergeOptions,
  type MergeOutcome,
  type MergeRecord,
} from "./merge/apply-merge.ts";
export type { ChangeProgress, PathChange } from "./merge/change-paths.ts";
export type { EntryState } from "./merge/entry-now.ts";
export { mergeLines } from "./merge/merge-lines.ts";
export {
  planMerge,
  readMergePlan,
  type MergeConflict,
  type MergePlan,
  type MergeStep,
  type PlanMergeOptions,
} from "./merge/merge-plan.ts";
export { mergeTree, type MergeTreeOptions } from "./merge/merge-tree.ts";
export { rebaseTree, type Rebased, type RebaseTreeOptions } from "./merge/rebase-tree.ts";
export { globMatcher } from "./path/globs.ts";
export { restoreRecords, type Restored, type RestoreOptions } from "./merge/restore-records.ts";
export { readManifest, type ReadManifestOptions } from "./manifest/read-manifest.ts";
export type { FileIdentity } from "./manifest/walk-folder.ts";
export {
  createRedactor,
  type RedactionStream,
  type Redactor,
  type RedactorOptions,
} from "./redaction/redactor.ts";
export type { ContentSource } from "./tree/base-reader.ts";
export type { FolderWorkspace } from "./tree/folder-workspace.ts";
export { openShared, type OpenSharedOptions } from "./tree/open-shared.ts";
export { openTree, type OpenTreeOptions } from "./tree/open-tree.ts";
export { reopenTree, type ReopenTreeOptions } from "./tree/reopen-tree.ts";
export { dropTree, type Tree } from "./tree/tree.ts";
