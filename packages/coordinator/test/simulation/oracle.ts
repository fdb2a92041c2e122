import { globsOverlap, type Lease, type WaitingState } from "@mnemosyne/core";
import picomatch from "picomatch";

/** Every path that there is in the simulated world. */
export const PATHS = ["src/a.ts", "src/b/c.ts", "src/b/d.md", "docs/a.md", "docs/b/e.md", "lib/a.ts"];
/** What leases are asked for. */
export const GLOBS = [
  "src/**",
  "src/a.ts",
  "src/b/*.ts",
  "src/{a,b}*",
  "docs/**",
  "docs/*.md",
  "lib/a.ts",
  "**/*.md",
];

const matched = new Map<string, readonly string[]>();

/** The paths that a glob stands for, by another library than the one that decides. */
export function pathsOf(glob: string): readonly string[] {
  const known = matched.get(glob) ?? PATHS.filter((path) => picomatch(glob, { dot: true })(path));
  matched.set(glob, known);
  return known;
}

/** Leases that stand for the same path although one of them is exclusive. */
export function collisions(
  leases: readonly Pick<Lease, "owner" | "resources" | "mode">[],
): readonly string[] {
  return leases.flatMap((one, index) =>
    leases.slice(index + 1).flatMap((other) => {
      if (one.mode === "shared" && other.mode === "shared") return [];
      const mine = new Set(one.resources.flatMap(pathsOf));
      const both = other.resources.flatMap(pathsOf).filter((path) => mine.has(path));
      return both.map((path) => `${one.owner} and ${other.owner} both hold ${path}`);
    }),
  );
}

/**
 * Actors of whom none can ever go on, by the definition: a set of actors each of whom has a wait that needs somebody of
 * the set (all-of), or nobody but the set (any-of). Tries every set; `waits` holds only those of `actors`.
 */
export function stuckActors(state: WaitingState, waiting: (actor: string) => boolean): ReadonlySet<string> {
  const waits = state.waits
    .filter(({ actor }) => waiting(actor))
    .flatMap(({ actor, request, on, anyOf }) => {
      if (request !== undefined) {
        const overlapping = state.leases.filter((lease) =>
          lease.resources.some((held) => request.resources.some((wanted) => globsOverlap(held, wanted))),
        );
        const excluding = overlapping.filter(
          ({ mode }) => mode === "exclusive" || request.mode === "exclusive",
        );
        if (excluding.length > 0) return [{ actor, anyOf: false, on: excluding.map(({ owner }) => owner) }];
        const full = request.permits !== undefined && overlapping.length >= request.permits;
        return full ? [{ actor, anyOf: true, on: overlapping.map(({ owner }) => owner) }] : [];
      }
      const open = on.filter(
        ({ key, version = 1, handoff }) =>
          !(key !== undefined && (state.versions.get(key) ?? 0) >= version) &&
          !(handoff !== undefined && !state.openHandoffs.has(handoff)),
      );
      if (open.length === 0 || (anyOf && open.length < on.length)) return [];
      return [{ actor, anyOf, on: open.map((one) => one.actor) }];
    });
  const actors = [...new Set(waits.map(({ actor }) => actor))];
  const stuck = new Set<string>();
  for (let bits = 1; bits < 1 << actors.length; bits++) {
    const set = new Set(actors.filter((_, index) => (bits >> index) & 1));
    const closed = [...set].every((actor) =>
      waits.some(
        (wait) =>
          wait.actor === actor &&
          (wait.anyOf ? wait.on.every((one) => set.has(one)) : wait.on.some((one) => set.has(one))),
      ),
    );
    if (closed) for (const actor of set) stuck.add(actor);
  }
  return stuck;
}
