/** Classification of labelled items, patches or slides, as a run with a result. */
import { basename } from 'node:path';
import { type Matrix, matrix } from '../core/matrix.ts';
import { readEmbeddings } from '../embedding/index.ts';
import { DataError, UsageError } from '../errors.ts';
import {
  type Bag,
  type ClassificationMetric,
  type ClassificationResult,
  type ClassifierMethod,
  type EvaluationFold,
  encodeLabels,
  evaluateClassifier,
  evaluateSlides,
  patientStratifiedKFold,
} from '../eval/classification/index.ts';
import { stratifiedKFold } from '../eval/index.ts';
import { embeddingFiles, type LabelledData, type LabelRow, readLabels } from './labelled-data.ts';

export interface ClassificationOptions {
  readonly methods: readonly ClassifierMethod[];
  /** Of cross-validation, where the data bring no division. */
  readonly folds: number;
  readonly seed: number;
  readonly standardize: boolean;
  readonly positive?: string | undefined;
  readonly threshold?: number | undefined;
  /** 0: no intervals. */
  readonly resamples: number;
}

export interface ClassificationRun {
  readonly kind: 'classification benchmark';
  readonly data: {
    readonly name: string;
    readonly items: number;
    readonly classes: readonly string[];
    readonly patients: number | null;
    readonly division: string;
    readonly notes: readonly string[];
  };
  readonly encoder: Readonly<Record<string, string>>;
  /** One per method. */
  readonly results: readonly ClassificationResult[];
}

interface Division {
  readonly folds: readonly EvaluationFold[];
  readonly title: string;
  readonly notes: readonly string[];
}

/** The data's own parts as one fold; undefined when they have none. */
function ownDivision(items: readonly LabelRow[]): Division | undefined {
  const names = new Set(items.map(({ split }) => split));
  if (names.size === 1 && names.has(undefined)) return undefined;
  const rows = (name: string) => items.flatMap(({ split }, i) => (split === name ? [i] : []));
  const unknown = [...names].find((name) => !['train', 'validation', 'test'].includes(name ?? ''));
  const [train, validation, test] = [rows('train'), rows('validation'), rows('test')];
  if (
    unknown !== undefined ||
    names.has(undefined) ||
    train.length === 0 ||
    validation.length + test.length === 0
  ) {
    throw new DataError('classification', {
      need: 'the parts train and test (or validation), one for every item',
      found: [...names].map((name) => name ?? 'none').join(', '),
      next: 'leave the column split out to cross-validate',
    });
  }
  if (test.length === 0) {
    const notes = ['tested on the part called validation: choices made on it would make the score too high'];
    return {
      folds: [{ name: 'validation', train, test: validation }],
      title: 'the data set: train, validation as test',
      notes,
    };
  }
  const extra = validation.length > 0 ? { validation } : {};
  return {
    folds: [{ name: 'test', train, test, ...extra }],
    title: 'the data set: train and test',
    notes: [],
  };
}

function patientsOf(items: readonly LabelRow[]): string[] | undefined {
  const known = items.flatMap(({ patient }) => patient ?? []);
  if (known.length === 0) return undefined;
  if (known.length === items.length) return known;
  throw new DataError('classification', {
    need: 'a patient for every item, or for none',
    found: `${items.length - known.length} items without one`,
  });
}

function divide(
  items: readonly LabelRow[],
  { folds, seed }: Pick<ClassificationOptions, 'folds' | 'seed'>,
): Division {
  const own = ownDivision(items);
  if (own !== undefined) return own;
  const labels = items.map(({ label }) => label);
  const patients = patientsOf(items);
  if (patients === undefined) {
    const notes = ['no patients are known: items of one patient may stand on both sides of a fold'];
    return {
      folds: stratifiedKFold(labels, folds, seed),
      title: `${folds}-fold, stratified by class, seed ${seed}`,
      notes,
    };
  }
  const made = patientStratifiedKFold(labels, patients, folds, seed);
  const mixed = made.mixedPatients.length;
  return {
    folds: made.folds,
    title: `${folds}-fold over patients, stratified by class, seed ${seed}`,
    notes: mixed > 0 ? [`${mixed} patients have items of several classes`] : [],
  };
}

const INTERVAL_METRICS: readonly ClassificationMetric[] = ['balancedAccuracy', 'f1Macro', 'auroc'];

function intervalsOf({ resamples, seed }: ClassificationOptions, classes: readonly string[]) {
  if (resamples === 0) return {};
  const metrics = INTERVAL_METRICS.filter((metric) => metric !== 'auroc' || classes.length === 2);
  return { intervals: { metrics, resamples, seed } };
}

function given({ positive, threshold }: ClassificationOptions) {
  return {
    ...(positive === undefined ? {} : { positive }),
    ...(threshold === undefined ? {} : { threshold }),
  };
}

/** Every method on the same folds. */
export function benchmarkClassification(
  data: LabelledData,
  options: ClassificationOptions,
): ClassificationRun {
  const { items, classes, features } = data;
  const division = divide(items, options);
  const patients = patientsOf(items);
  const input = {
    features,
    classes,
    labels: items.map(({ label }) => label),
    names: items.map(({ item }) => item),
    ...(patients === undefined ? {} : { patients }),
  };
  const results = options.methods.map((method) =>
    evaluateClassifier(input, division.folds, {
      method,
      seed: options.seed,
      standardize: options.standardize,
      predictions: true,
      ...given(options),
      ...intervalsOf(options, classes),
    }),
  );
  return runOf(data, patients, division, results);
}

function runOf(
  { name, items, classes, notes, encoder }: Omit<LabelledData, 'features'>,
  patients: readonly string[] | undefined,
  division: Division,
  results: readonly ClassificationResult[],
): ClassificationRun {
  return {
    kind: 'classification benchmark',
    data: {
      name,
      items: items.length,
      classes,
      patients: patients === undefined ? null : new Set(patients).size,
      division: division.title,
      notes: [...notes, ...division.notes],
    },
    encoder,
    results,
  };
}

/** Settings of attention pooling that a caller may want to change. */
export interface SlideClassificationOptions extends Omit<ClassificationOptions, 'methods' | 'standardize'> {
  readonly epochs: number;
}

/**
 * Slides by attention pooling (ABMIL): one embedding file per slide, labels and patients by its name.
 *
 * @throws DataError for slides without a file or without a patient.
 */
export async function benchmarkSlides(
  folder: string,
  labels: string,
  options: SlideClassificationOptions,
): Promise<ClassificationRun> {
  const items = await readLabels(labels);
  const files = new Map((await embeddingFiles(folder)).map((file) => [basename(file, '.h5'), file]));
  const missing = items.find(({ item }) => !files.has(item));
  if (missing !== undefined) {
    throw new DataError('slide classification', {
      need: `the embedding file of every labelled slide`,
      found: `no ${missing.item}.h5 in ${folder}`,
    });
  }
  const patients = patientsOf(items);
  if (patients === undefined) {
    throw new UsageError('slide classification', { need: 'a column patient', found: `none in ${labels}` });
  }
  const { classes, codes } = encodeLabels(items.map(({ label }) => label));
  const first = await readEmbeddings(files.get(items[0]!.item)!);
  const bags = items.map(
    ({ item }, i): Bag => ({
      id: item,
      patient: patients[i]!,
      code: codes[i]!,
      load: async (): Promise<Matrix> => {
        const { rows, width, values } = await readEmbeddings(files.get(item)!);
        return matrix(rows.length, width, values);
      },
    }),
  );
  const division = divide(items, options);
  const { positive, threshold, epochs, seed } = options;
  if (positive !== undefined && (classes.length !== 2 || !classes.includes(positive))) {
    throw new UsageError('slide classification', {
      need: `two classes, the positive one out of ${classes.join(', ')}`,
      found: positive,
    });
  }
  const result = await evaluateSlides(bags, classes, division.folds, {
    shape: { inputs: first.width },
    training: { epochs },
    seed,
    ...(positive === undefined ? {} : { positive: classes.indexOf(positive) }),
    ...(threshold === undefined ? {} : { threshold }),
    ...intervalsOf({ ...options, methods: [], standardize: false }, classes),
  });
  const { backbone = 'not stated', weights = 'not stated' } = first.attributes;
  const about = { name: basename(folder), items, classes, notes: [], encoder: { backbone, weights } };
  return runOf(about, patients, division, [result]);
}
