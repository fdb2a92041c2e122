// Everything exported here is public API; whatever is not named here is private.
export { startDashboard, type Dashboard, type DashboardOptions } from "./dashboard.ts";
export type { RunActions } from "./actions.ts";
export type { Rights } from "./access.ts";
export { renderRunHtml, type RunHtmlOptions } from "./run-html.ts";
