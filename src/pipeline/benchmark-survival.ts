/** Survival from folders of slide embeddings as a run with a result. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { matrix } from '../core/matrix.ts';
import { readEmbeddings } from '../embedding/index.ts';
import { DataError } from '../errors.ts';
import { type Fold, stratifiedKFold } from '../eval/index.ts';
import {
  type Endpoint,
  type EvaluateSlideSurvivalOptions,
  evaluateSlideSurvival,
  joinSlides,
  readTcgaFolds,
  readTcgaSurvival,
  type SurvivalResult,
  sharedSites,
  type TcgaPatient,
} from '../eval/survival/index.ts';

export interface SurvivalBenchmarkOptions extends EvaluateSlideSurvivalOptions {
  /** Slide table: case_id, slide_id, survival_months, censorship. */
  readonly table: string;
  readonly endpoint: Endpoint;
  /** Folder of `splits_<n>.csv`; undefined: folds stratified by event. */
  readonly splits?: string | undefined;
  readonly folds: number;
  /** Slides without an embedding file: refuse, or leave their patients out. */
  readonly missing: 'error' | 'drop';
}

export interface SurvivalRun {
  readonly kind: 'survival benchmark';
  readonly data: {
    readonly table: string;
    readonly endpoint: Endpoint;
    readonly patients: number;
    readonly slides: number;
    readonly division: string;
    readonly notes: readonly string[];
  };
  readonly encoder: Readonly<Record<string, string>>;
  readonly result: SurvivalResult;
}

/** `TCGA-A6-2671.svs` and `TCGA-A6-2671` name the same slide. */
const slideFile = (folder: string, slide: string) =>
  join(folder, `${slide.replace(/\.(svs|tiff?|ndpi|mrxs)$/i, '')}.h5`);

/** Patients whose slides are all there, with the places of the others taken out of the folds. */
function present(patients: readonly TcgaPatient[], folder: string, missing: 'error' | 'drop') {
  const kept: number[] = [];
  const absent: string[] = [];
  for (const [i, { slides }] of patients.entries()) {
    const lost = slides.filter((slide) => !existsSync(slideFile(folder, slide)));
    absent.push(...lost);
    if (lost.length === 0) kept.push(i);
  }
  if (absent.length === 0 || (missing === 'drop' && kept.length > 0)) return { kept, absent };
  throw new DataError('survival', {
    need: `an embedding file for every slide in ${folder}`,
    found: `none for ${absent.length} slides (${absent.slice(0, 3).join(', ')})`,
    next:
      kept.length === 0
        ? 'embed the slides first'
        : 'embed them, or leave their patients out with --missing drop',
  });
}

function withoutOthers(folds: readonly Fold[], kept: readonly number[]): Fold[] {
  const place = new Map(kept.map((old, now) => [old, now]));
  const map = (rows: readonly number[]) => rows.flatMap((i) => place.get(i) ?? []);
  return folds.map(({ name, train, test }) => ({ name, train: map(train), test: map(test) }));
}

/**
 * @throws UsageError for missing files; DataError for patients without slides, damaged tables or folds that cannot be
 *   used.
 */
export async function benchmarkSurvival(
  folder: string,
  options: SurvivalBenchmarkOptions,
): Promise<SurvivalRun> {
  const { table, endpoint, splits, folds: count, missing, seed } = options;
  const all = await readTcgaSurvival(table, endpoint);
  const { kept, absent } = present(all, folder, missing);
  const patients = kept.map((i) => all[i]!);
  const folds =
    splits === undefined
      ? stratifiedKFold(
          patients.map(({ event }) => (event ? 'event' : 'censored')),
          count,
          seed,
        )
      : withoutOthers(await readTcgaFolds(splits, all), kept);
  const notes =
    absent.length > 0
      ? [`${all.length - kept.length} patients left out, ${absent.length} slides have no embeddings`]
      : [];
  const sites = folds.flatMap((fold) => sharedSites(fold, patients));
  if (sites.length > 0)
    notes.push(
      `${new Set(sites).size} tissue source sites stand on both sides of a fold: staining and scanner differ by site`,
    );
  const first = await readEmbeddings(slideFile(folder, patients[0]!.slides[0]!));
  const load = async ({ slides }: TcgaPatient) => {
    const parts = [];
    for (const slide of slides) {
      const { rows, width, values } = await readEmbeddings(slideFile(folder, slide));
      parts.push(matrix(rows.length, width, values));
    }
    return joinSlides(parts);
  };
  const result = await evaluateSlideSurvival(
    patients.map((patient) => ({
      id: patient.id,
      time: patient.timeMonths,
      event: patient.event,
      load: () => load(patient),
    })),
    folds,
    options,
  );
  const { backbone = 'not stated', weights = 'not stated' } = first.attributes;
  return {
    kind: 'survival benchmark',
    data: {
      table,
      endpoint,
      patients: patients.length,
      slides: patients.reduce((sum, { slides }) => sum + slides.length, 0),
      division:
        splits === undefined ? `${count}-fold, stratified by event, seed ${seed}` : `files in ${splits}`,
      notes,
    },
    encoder: { backbone, weights },
    result,
  };
}
