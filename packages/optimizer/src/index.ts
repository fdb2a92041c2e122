// Everything exported here is public API; whatever is not named here is private.
export { Optimizer, type OptimizerOptions } from "./optimizer.ts";
export { DEFAULT_SECTIONS, type SectionLimits, type Sections } from "./assembly/allocate.ts";
export type { BlockKind, ContextOffer } from "./assembly/offer.ts";
export { capture, type CaptureOptions, type Captured, type CapturedMessage } from "./capture/capture.ts";
export { SYSTEM_INSTRUCTIONS } from "./assembly/render.ts";
export type { CompressedItems } from "./compress/compress-items.ts";
export { createExcerptCompressor } from "./compress/excerpt.ts";
export { createJsonCompressor } from "./compress/json.ts";
export { createFilesSource, type FilesSourceOptions } from "./sources/files-source.ts";
export { createDeltaCurator } from "./playbook/delta-curator.ts";
export { formatAceText, parseAceText } from "./playbook/formats/ace-text.ts";
export { formatSkillbook, parseSkillbook } from "./playbook/formats/skillbook.ts";
export { createGateReflector, lessonsFromReview, type ReviewPassed } from "./playbook/gate-reflector.ts";
export { learn, type LearnOptions } from "./playbook/learn.ts";
export type { Curator, JudgedAttempt, Lesson, Reflector, TaskOutcome } from "./playbook/learning.ts";
export { MemoryPlaybookStore } from "./playbook/memory-playbook-store.ts";
export { planRefinement, type RefineOptions } from "./playbook/refine.ts";
export { createSimilarity, type SimilarPair, type Similarity } from "./playbook/similarity.ts";
export { createPlaybookSource } from "./sources/playbook-source.ts";
export { selectFindings } from "./sources/findings-source.ts";
export { createMemoriesSource } from "./sources/memories-source.ts";
export { createSkillsSource } from "./sources/skills-source.ts";
export {
  createSkillSource,
  discoverSkills,
  type SkillCatalog,
  type SkillCatalogOptions,
  type SkillChanges,
  type SkillTrust,
} from "./skills/skill-catalog.ts";
export { projectSkillRoots, skillRoots, type SkillProblem, type SkillRoot } from "./skills/discover.ts";
export {
  SKILL_LIMIT,
  SKILL_THRESHOLD,
  rankSkills,
  scoreSkill,
  selectSkills,
  type SkillPlace,
  type SkillScore,
} from "./skills/relevance.ts";
