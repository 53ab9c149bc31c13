/** Generated cohorts, slides and patches: for demonstrations, tests and load tests without any real data. */
export { DRIVER_GENES, DRIVERS, type DrivenGene, type Driver, type DriverManifest } from './drivers.ts';
export { DEFAULT_GENES, type GeneNumbers } from './expression.ts';
export type { SpotStructure } from './spot-structure.ts';
export { syntheticPatches } from './synthetic-patches.ts';
export { SPOT_DIAMETER_UM, SPOT_PITCH_UM } from './tissue-plan.ts';
export { type SyntheticCohort, type SyntheticCohortOptions, writeSyntheticCohort } from './write-cohort.ts';
export { type SyntheticSlide, type SyntheticSlideOptions, writeSyntheticSlide } from './write-slide.ts';
