import {
  MnemosyneError,
  isAbortError,
  type ContextRequest,
  type ContextShare,
  type ContextSource,
} from "@mnemosyne/core";
import type { ContextOffer } from "./offer.ts";

/** An offer and the section that it is for. */
export interface CollectedOffer {
  readonly offer: ContextOffer;
  readonly share: ContextShare;
}

/** Everything that sources offered, in their order. */
export interface Collected {
  readonly offers: readonly CollectedOffer[];
  /** Offered, but not for this context: the source's own reason, or the same thing twice. */
  readonly leftOut: readonly (CollectedOffer & { readonly reason: string })[];
}

/** Asks all sources at once. Of items with the same id, or of data with the same text, the first is kept; critical ones all are. */
export async function collectOffers(
  sources: readonly ContextSource[],
  request: ContextRequest,
): Promise<Collected> {
  try {
    request.signal?.throwIfAborted();
    const collected = await Promise.all(sources.map((source) => source.collect(request)));
    request.signal?.throwIfAborted();
    return sort(sources, collected);
  } catch (error) {
    if (!isAbortError(error) && !(request.signal?.aborted === true && error === request.signal.reason))
      throw error;
    throw new MnemosyneError("E_CANCELLED", "Assembling the context was cancelled.", {
      kind: "cancelled",
      cause: error,
    });
  }
}

function sort(sources: readonly ContextSource[], collected: readonly (readonly ContextOffer[])[]): Collected {
  const offers: CollectedOffer[] = [];
  const leftOut: (CollectedOffer & { reason: string })[] = [];
  const ids = new Set<string>();
  const texts = new Map<string, string>();
  for (const [index, source] of sources.entries()) {
    for (const offer of collected[index] ?? []) {
      const entry = { offer, share: source.share };
      const twin = offer.data === false ? undefined : texts.get(offer.text);
      if (offer.leaveOut !== undefined) leftOut.push({ ...entry, reason: offer.leaveOut });
      else if (source.share === "critical") offers.push(entry);
      else if (ids.has(offer.id))
        leftOut.push({ ...entry, reason: "an item with this id was offered before" });
      else if (twin !== undefined) leftOut.push({ ...entry, reason: `the same text as '${twin}'` });
      else offers.push(entry);
      if (offers.at(-1) !== entry) continue;
      ids.add(offer.id);
      if (offer.data !== false && !texts.has(offer.text)) texts.set(offer.text, offer.id);
    }
  }
  return { offers, leftOut };
}
