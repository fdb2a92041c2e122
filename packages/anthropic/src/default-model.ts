import { DEFAULT_MODEL } from "./model-table.ts";

/** The model of the environment: `MNEMOSYNE_MODEL`, else `claude-sonnet-5-5`. */
export function defaultModel(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const named = env["MNEMOSYNE_MODEL"]?.trim();
  return named === undefined || named === "" ? DEFAULT_MODEL : named;
}
