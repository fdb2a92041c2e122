import {
  isMnemosyneError,
  type AgentCheckpoint,
  type ExecutionRef,
  type Json,
  type JournalPayload,
} from "@mnemosyne/core";
import {
  diffEntries,
  manifestHash,
  restoreRecords,
  type Manifest,
  type ManifestEntry,
  type MergeRecord,
  type Tree,
} from "@mnemosyne/workspace";
import { payloadOf } from "../run/payload.ts";
import type { WorkContext } from "../run/work.ts";
import { readPayload } from "./outputs.ts";
import { contentsBefore } from "./record-contents.ts";
import type { RunServices } from "./run-services.ts";
import type { TreeStore } from "./tree-store.ts";

/** Files of more bytes in all are not kept: the work then begins anew, as it would without a checkpoint. */
const LARGEST = 64 * 1024 * 1024;

/** What an attempt works with: its tree, as it was at the last checkpoint, and what was kept there. */
export interface KeptWork {
  readonly tree: Tree | undefined;
  readonly restored: readonly Json[];
  /** The checkpoint as an agent gets it, by its name. */
  readonly checkpointOf: (agent: string) => AgentCheckpoint;
}

/**
 * Opens what earlier executions of an attempt kept, and lets this one keep more. Where that no longer fits the files (the
 * workspace moved since), or is gone, the work begins anew in a fresh tree.
 */
export async function openKeptWork(
  services: RunServices,
  trees: TreeStore,
  ref: ExecutionRef & { readonly writes: readonly string[] | undefined },
  opened: Tree | undefined,
  context: WorkContext,
): Promise<KeptWork> {
  const { signal } = context;
  let tree = opened;
  let start = await tree?.manifest({ signal });
  const kept: Json[] = [];
  const facts = context.log.projection.task(ref.task).kept;
  let stale = false;
  if (facts?.attempt === ref.attempt) {
    const parts = await readKept(services, facts);
    const record = parts?.files;
    const fits =
      parts !== undefined &&
      (tree === undefined || record === undefined || (await putBack(services, tree, record, signal)));
    if (fits) kept.push(...parts.state);
    else {
      stale = true;
      context.emit({
        type: "note",
        task: ref.task,
        attempt: ref.attempt,
        text: "What was kept of this attempt no longer fits the files, or is gone: the work begins anew.",
      });
      if (tree !== undefined) {
        tree = await trees.open(ref, ref.writes, signal);
        start = await tree.manifest({ signal });
      }
    }
  }
  const restored = [...kept];
  return {
    tree,
    restored,
    checkpointOf: (agent) => ({
      restored: [...kept],
      async save(state, { reset = false } = {}) {
        const files = tree && start ? await keepFiles(services, tree, start, signal) : undefined;
        if (files === "tooLarge") return;
        const piece = payloadOf(JSON.parse(services.redact(JSON.stringify(state))) as Json);
        await context.append({
          inputs: [],
          observations: [
            {
              type: "agent.checkpointed",
              task: ref.task,
              attempt: ref.attempt,
              epoch: ref.epoch,
              agent,
              state: piece.ref,
              reset: reset || stale,
              ...(files === undefined ? {} : { files: files.ref }),
            },
          ],
          payloads: files === undefined ? [piece] : [piece, files],
        });
        if (reset) kept.length = 0;
        stale = false;
        kept.push(state);
      },
    }),
  };
}

async function readKept(
  services: RunServices,
  facts: {
    readonly parts: readonly Parameters<typeof readPayload>[1][];
    readonly files?: (typeof facts.parts)[number];
  },
): Promise<{ readonly state: readonly Json[]; readonly files?: MergeRecord } | undefined> {
  try {
    const state: Json[] = [];
    for (const part of facts.parts) state.push(await readPayload(services, part));
    if (facts.files === undefined) return { state };
    return { state, files: (await readPayload(services, facts.files)) as unknown as MergeRecord };
  } catch (error) {
    if (isMnemosyneError(error) && error.code === "E_BLOB_GONE") return undefined;
    throw error;
  }
}

/** Makes a fresh tree what it was at the checkpoint. False where its files are no longer those that the work began with. */
async function putBack(
  { storage }: RunServices,
  tree: Tree,
  record: MergeRecord,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const { conflicts } = await restoreRecords([record], {
      workspace: tree.root,
      blobs: storage.blobs,
      signal,
    });
    return conflicts.length === 0;
  } catch (error) {
    if (isMnemosyneError(error) && error.code === "E_BLOB_GONE") return false;
    throw error;
  }
}

/** What changed in the tree since the execution began, as a record that leads from there to here when it is undone. */
async function keepFiles(
  { storage }: RunServices,
  tree: Tree,
  start: Manifest,
  signal: AbortSignal,
): Promise<JournalPayload | "tooLarge" | undefined> {
  const now = await tree.manifest({ signal });
  const changes = diffEntries(start, now);
  if (changes.length === 0) return undefined;
  if (changes.reduce((sum, { after }) => sum + (after?.size ?? 0), 0) > LARGEST) return "tooLarge";
  for (const { path, after } of changes)
    if (after?.type === "file" && !(await storage.blobs.has(after.hash)))
      await storage.blobs.put(await tree.readBytes(path));
  const record: MergeRecord = {
    version: 1,
    base: manifestHash(now),
    result: manifestHash(start),
    paths: changes.map(({ path, before, after }) => ({
      path,
      before: withoutStamp(after),
      after: withoutStamp(before),
    })),
  };
  return { ...payloadOf(record as unknown as Json), keeps: contentsBefore(record) };
}

function withoutStamp(entry: ManifestEntry | null): MergeRecord["paths"][number]["before"] {
  if (entry === null) return null;
  const { stamp: _stamp, ...state } = entry;
  return state;
}
