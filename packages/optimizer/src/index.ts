// Everything exported here is public API; whatever is not named here is private.
export { Optimizer, type OptimizerOptions } from "./optimizer.ts";
export { DEFAULT_SECTIONS, type SectionLimits, type Sections } from "./assembly/allocate.ts";
export type { BlockKind, ContextOffer } from "./assembly/offer.ts";
export { SYSTEM_INSTRUCTIONS } from "./assembly/render.ts";
export type { CompressedItems } from "./compress/compress-items.ts";
export { createExcerptCompressor } from "./compress/excerpt.ts";
export { createJsonCompressor } from "./compress/json.ts";
export { createFilesSource, type FilesSourceOptions } from "./sources/files-source.ts";
export { MemoryPlaybookStore } from "./playbook/memory-playbook-store.ts";
export { selectFindings } from "./sources/findings-source.ts";
export { createMemoriesSource } from "./sources/memories-source.ts";
export { createSkillsSource } from "./sources/skills-source.ts";
export {
  createSkillSource,
  discoverSkills,
  projectSkillRoots,
  type SkillProblem,
  type SkillRoot,
} from "./skills/discover.ts";
export {
  SKILL_LIMIT,
  SKILL_THRESHOLD,
  rankSkills,
  scoreSkill,
  selectSkills,
  type SkillScore,
} from "./skills/relevance.ts";
