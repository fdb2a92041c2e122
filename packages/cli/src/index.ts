// Everything exported here is public API; whatever is not named here is private.
export { main } from "./main.ts";
export { defineConfig, type MnemosyneConfig } from "./config.ts";
export type { EmbedderSetting, HostedSetting } from "./embedder.ts";
export { RunNarrator } from "./runs/progress.ts";
export type { Terminal } from "./terminal.ts";
export { watchScreen, type ScreenSize, type WatchState } from "./watch/watch-screen.ts";
export {
  reviewWorkspace,
  type ReviewWorkspaceOptions,
  type WorkspaceReview,
} from "./commands/review-workspace.ts";
export type { ReviewBase } from "./commands/review-base.ts";
