import { createHash } from "node:crypto";
import { canonicalJson, type Plan } from "@mnemosyne/core";

/**
 * SHA-256 (hex) of a checked plan's canonical JSON. Two plans with the same hash do the same work: comments, the order
 * of keys and defaults that are written out make no difference. `workspace` is left out, for it says where a run
 * happens and not what it does: a run keeps its plan when its folder moves.
 */
export function planHash(plan: Plan): string {
  const { workspace: _workspace, ...rest } = plan;
  return createHash("sha256").update(canonicalJson(rest)).digest("hex");
}
