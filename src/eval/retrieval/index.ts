/** Zero-shot retrieval of patches by class. */
export { formatRetrieval } from './format.ts';
export { classPrototypes, type LabelledPatches, type Prototypes } from './prototypes.ts';
export { averagePrecisionOfList, hitAt, majorityAt, precisionAt } from './ranking-scores.ts';
export type { AtK, ClassRetrieval, RetrievalResult } from './result.ts';
export type { RetrievalOptions } from './retrieval-card.ts';
export { patchToSupport, prototypeToPatch } from './retrieve.ts';
