/** The cohort of a run: generated or given, read once, with what identifies it. */
import { createHash } from 'node:crypto';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { stableJson } from '../core/stable-json.ts';
import { defaultSplit, type SplitName } from '../eval/index.ts';
import { readCohort, type Section, type SectionFailure } from '../spatial/index.ts';
import { type DriverManifest, writeSyntheticCohort } from '../synthetic/index.ts';
import type { ReproduceOptions } from './options.ts';
import { SCALES } from './scales.ts';
import type { Stage } from './stages.ts';

export const GENERATED = 'generated';

/** Numbers of a cohort that decide how long everything takes. */
export interface CohortFacts {
  readonly sections: number;
  readonly spots: number;
  /** Groups that are held out. */
  readonly groups: number;
  readonly heldOut: SplitName;
}

/** A cohort in memory. */
export interface RunData {
  readonly sections: readonly Section[];
  readonly failures: readonly SectionFailure[];
  readonly facts: CohortFacts;
  /** Digest of ids, groups, spots, counts and picture sizes. */
  readonly identity: string;
  /** Of a generated cohort. */
  readonly drivers: DriverManifest | undefined;
}

/** Options of the generated cohort. */
export function generatedOptions({ scale, dataSeed, cohort = {} }: ReproduceOptions) {
  return { ...SCALES[scale].cohort, ...cohort, seed: dataSeed };
}

/** What a generated cohort will be, without drawing it. */
export function generatedFacts(options: ReproduceOptions): CohortFacts {
  const {
    studies = 3,
    patientsPerStudy = 2,
    sectionsPerPatient = 1,
    spotsPerSection = 120,
  } = generatedOptions(options);
  const sections = studies * patientsPerStudy * sectionsPerPatient;
  return { sections, spots: sections * spotsPerSection, groups: studies, heldOut: 'study' };
}

/** The stage that draws the cohort. */
export function cohortStage(options: ReproduceOptions, expectedSeconds: number): Stage {
  const wanted = generatedOptions(options);
  return {
    id: 'cohort',
    title: 'drawing the cohort',
    settings: wanted,
    needs: [],
    expectedSeconds,
    run: async (folder) => {
      // A killed run leaves a part, which the writer refuses to go on with.
      await rm(join(folder, 'sections'), { recursive: true, force: true });
      await writeSyntheticCohort(join(folder, 'sections'), wanted);
    },
  };
}

async function identityOf(sections: readonly Section[]): Promise<string> {
  const parts = [];
  for (const { id, study, patient, mpp, spots, counts, imagePath } of sections) {
    const total = counts.data.reduce((sum, value) => sum + value, 0);
    const { size } = await stat(imagePath);
    parts.push({ id, study, patient, mpp, spots: spots.length, genes: counts.genes.length, total, size });
  }
  return createHash('sha256').update(stableJson(parts)).digest('hex').slice(0, 16);
}

function factsOf(sections: readonly Section[]): CohortFacts {
  const heldOut = defaultSplit(sections);
  const key = ({ study, patient, id }: Section) =>
    heldOut === 'study' ? study : heldOut === 'patient' ? patient : id;
  return {
    sections: sections.length,
    spots: sections.reduce((sum, { spots }) => sum + spots.length, 0),
    groups: new Set(sections.map(key)).size,
    heldOut,
  };
}

/** Reads the cohort; a generated one must have been drawn. */
export async function readData(options: ReproduceOptions): Promise<RunData> {
  const generated = options.data === GENERATED;
  const path = generated ? join(options.out, 'cohort', 'sections') : options.data;
  const { signal } = options;
  const { sections, failures } = await readCohort(path, signal === undefined ? {} : { signal });
  const drivers = generated
    ? (JSON.parse(await readFile(join(path, 'drivers.json'), 'utf8')) as DriverManifest)
    : undefined;
  return { sections, failures, facts: factsOf(sections), identity: await identityOf(sections), drivers };
}
