import type { GateSubject } from "@mnemosyne/core";

/** A dependency that a manifest names. */
export interface Dependency {
  readonly name: string;
  readonly version: string;
  readonly file: string;
}

/** Dependencies that a task added to its manifests, or gave another version. */
export async function readDependencies(
  subject: GateSubject,
): Promise<{ readonly added: readonly Dependency[]; readonly changed: readonly Dependency[] }> {
  const added: Dependency[] = [];
  const changed: Dependency[] = [];
  for (const { path, kind } of subject.changes) {
    const read = READERS.find(([pattern]) => pattern.test(path))?.[1];
    if (read === undefined || kind === "deleted") continue;
    const before = new Map(read(decode(await subject.workspace.readBase(path))));
    for (const [name, version] of read(await subject.workspace.readText(path))) {
      const was = before.get(name);
      if (was === undefined) added.push({ name, version, file: path });
      else if (was !== version) changed.push({ name, version, file: path });
    }
  }
  return { added, changed };
}

type Read = (text: string) => (readonly [name: string, version: string])[];

const READERS: readonly (readonly [RegExp, Read])[] = [
  [/(?:^|\/)package\.json$/, readPackageJson],
  [
    /(?:^|\/)requirements[\w.-]*\.txt$/,
    (text) => pairs(text, /^[ \t]*([\w.-]+)(?:\[.*?\])?\s*((?:[=<>!~]=?|@).*)?$/gm),
  ],
  [/(?:^|\/)go\.mod$/, (text) => pairs(text, /^[ \t]*(?:require\s+)?([\w.-]+\.[\w./-]+)\s+(v\S+)/gm)],
  [/(?:^|\/)Cargo\.toml$/, readCargoToml],
];

function readPackageJson(text: string): (readonly [string, string])[] {
  try {
    const manifest = JSON.parse(text) as Record<string, Record<string, unknown> | undefined>;
    return ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"].flatMap((kind) =>
      Object.entries(manifest[kind] ?? {}).map(([name, version]) => [name, String(version)] as const),
    );
  } catch {
    // Not there, or not JSON: it names no dependency.
    return [];
  }
}

function readCargoToml(text: string): (readonly [string, string])[] {
  const sections = text.split(/^(?=\[)/m).filter((section) => /^\[(?:\w+-)?dependencies\]/.test(section));
  return sections.flatMap((section) => pairs(section, /^[ \t]*([\w-]+)\s*=\s*(.+)$/gm));
}

function pairs(text: string, pattern: RegExp): (readonly [string, string])[] {
  return [...text.matchAll(pattern)].map((match) => [match[1] ?? "", (match[2] ?? "").trim()] as const);
}

function decode(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? "" : new TextDecoder().decode(bytes);
}
