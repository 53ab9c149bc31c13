/** How much correlation noise in one band of spatial frequencies costs: a cohort's patches, heads fitted inside folds. */
import { type Backbone, embed, featureWidth, openBackbone } from '../backbones/index.ts';
import { vstack } from '../core/matrix.ts';
import type { PatchSource } from '../embedding/index.ts';
import {
  type AlterPatch,
  type Band,
  type BandAblation,
  bandNoiseAblation,
  octaveBands,
} from '../eval/frequency/index.ts';
import {
  benchmarkExpression,
  type ComponentsWish,
  defaultSplit,
  type EmbeddedSection,
  type ExpressionPrediction,
  type FoldScores,
  joinEmbeddings,
  type ProbeWish,
  planSplit,
  predictRows,
  type SplitName,
  type SplitPlan,
  scoreFold,
  summariseFolds,
  type TargetOptions,
} from '../eval/index.ts';
import { placePatches, type Section } from '../spatial/index.ts';
import { type EmbedRunOptions, type EncoderSettings, sectionSource } from './embed-sections.ts';

export interface BandNoiseOptions {
  /** Bands of equal width on a log scale, from one cycle per patch to the highest frequency. */
  readonly bands: number;
  /** Root mean square of the noise in grey levels (of 255), the same for every band. */
  readonly rms: number;
  readonly seed: number;
  readonly targets: TargetOptions;
  readonly probe: ProbeWish;
  readonly components: ComponentsWish;
  /** Default: the one that fits the cohort. */
  readonly split?: SplitName | undefined;
  /** Of random splits. */
  readonly folds: number;
  readonly splitSeed: number;
  readonly patches?: EmbedRunOptions['patches'];
  readonly precutMpp?: number | undefined;
  readonly signal?: AbortSignal;
  /** Called after every batch; `round` 0 is without noise, then one per band. */
  readonly onProgress?: (round: number, done: number, total: number) => void;
}

/** Plain JSON. */
export interface BandNoiseRun extends BandAblation {
  readonly split: string;
  readonly sections: readonly { readonly id: string; readonly spots: number }[];
  /** Mean PCC of each fold without noise, and then per band. */
  readonly folds: readonly {
    readonly name: string;
    readonly baseline: number | null;
    readonly bands: readonly (number | null)[];
  }[];
}

interface Placed {
  readonly section: Section;
  readonly source: PatchSource;
}

/** Feature vectors of all patches of a source; `first` is the number of its first patch among all. */
async function embedAltered(
  backbone: Backbone,
  { source }: Placed,
  settings: EncoderSettings,
  { alter, first, onBatch }: { alter: AlterPatch; first: number; onBatch: (rows: number) => void },
): Promise<Float32Array> {
  const { sizePx, batch, features } = settings;
  const bytesEach = sizePx * sizePx * 3;
  const width = featureWidth(backbone.card, features);
  const values = new Float32Array(source.rows.length * width);
  const rgb = new Uint8Array(batch * bytesEach);
  let [row, filled] = [0, 0];
  const flush = () => {
    values.set(
      embed(backbone, rgb.subarray(0, filled * bytesEach), sizePx, features),
      (row - filled) * width,
    );
    onBatch(filled);
    filled = 0;
  };
  for await (const pixels of source.read(0)) {
    rgb.set(alter(pixels, first + row), filled++ * bytesEach);
    row++;
    if (filled === batch) flush();
  }
  if (filled > 0) flush();
  return values;
}

async function place(
  sections: readonly Section[],
  settings: EncoderSettings,
  options: BandNoiseOptions,
): Promise<Placed[]> {
  const placed: Placed[] = [];
  for (const section of sections) {
    const source = await sectionSource(section, settings, options);
    const barcodes = source.rows.map(({ barcode }) => barcode);
    const own =
      source.precut === undefined ? section : placePatches(section, { barcodes, path: section.id }).section;
    placed.push({ section: own, source });
  }
  return placed;
}

/** Embeds every section, the patches changed by `alter`. */
async function embedAll(
  backbone: Backbone,
  placed: readonly Placed[],
  settings: EncoderSettings,
  alter: AlterPatch,
  onProgress: (done: number, total: number) => void,
): Promise<EmbeddedSection[]> {
  const total = placed.reduce((n, { source }) => n + source.rows.length, 0);
  const width = featureWidth(backbone.card, settings.features);
  const embedded: EmbeddedSection[] = [];
  let [first, done] = [0, 0];
  const onBatch = (rows: number) => {
    done += rows;
    onProgress(done, total);
  };
  for (const one of placed) {
    const { rows } = one.source;
    const values = await embedAltered(backbone, one, settings, { alter, first, onBatch });
    embedded.push(joinEmbeddings(one.section, { rows, values, width, attributes: {} }));
    first += rows.length;
  }
  return embedded;
}

const known = (value: number) => (Number.isFinite(value) ? value : null);

/** Measures the mean PCC, first on clean patches, which also fits the heads, then on altered test patches. */
function pccMeter(
  backbone: Backbone,
  placed: readonly Placed[],
  plan: SplitPlan,
  settings: EncoderSettings,
  options: BandNoiseOptions,
) {
  const { targets, probe, components, signal } = options;
  const fitted: ExpressionPrediction[] = [];
  /** Per measurement, one value per fold. */
  const perFold: number[][] = [];
  const meanOver = (folds: readonly FoldScores[]) => {
    perFold.push(folds.map(({ pcc }) => pcc));
    return summariseFolds(folds).pcc.mean;
  };
  const measure = async (alter: AlterPatch, band: Band | undefined): Promise<number> => {
    const round = perFold.length;
    const embedded = await embedAll(backbone, placed, settings, alter, (done, total) => {
      signal?.throwIfAborted();
      options.onProgress?.(round, done, total);
    });
    if (band === undefined) {
      const onPrediction = (one: ExpressionPrediction) => fitted.push(one);
      const wish = { targets, probe, components, undefinedAs: 'skip', onPrediction } as const;
      const { splits } = await benchmarkExpression(embedded, [plan], wish);
      return meanOver(splits[0]!.folds.map(({ scores }) => scores));
    }
    const features = vstack(embedded.map((one) => one.features));
    return meanOver(
      fitted.map((one) => scoreFold(one.measured, predictRows(features, one.probe, one.fold.test))),
    );
  };
  return { measure, perFold };
}

/**
 * PCC of heads that are fitted on the clean patches of each fold's training side and then see the test side's patches
 * with noise in one band after the other. Genes, penalty and head of a fold are those of the clean run.
 *
 * @throws what reading a section or making the split throws; nothing is left out in silence.
 */
export async function ablateBands(
  sections: readonly Section[],
  settings: EncoderSettings,
  options: BandNoiseOptions,
): Promise<BandNoiseRun> {
  const { sizePx, patchUm } = settings;
  const { signal, rms, seed } = options;
  const placed = await place(sections, settings, options);
  const own = placed.map(({ section }) => section);
  const plan = planSplit(options.split ?? defaultSplit(sections), own, {
    folds: options.folds,
    seed: options.splitSeed,
  });
  const { backbone } = await openBackbone(settings);
  try {
    const { measure, perFold } = pccMeter(backbone, placed, plan, settings, options);
    const bands = octaveBands(sizePx, options.bands);
    const noise = { side: sizePx, bands, rms, seed, metric: 'PCC', mpp: patchUm / sizePx };
    const result = await bandNoiseAblation(measure, signal === undefined ? noise : { ...noise, signal });
    return {
      ...result,
      card: ablationCard(result.card, plan, options),
      split: plan.title,
      sections: own.map(({ id, spots }) => ({ id, spots: spots.length })),
      folds: plan.folds.map(({ name: fold }, f) => ({
        name: fold,
        baseline: known(perFold[0]![f]!),
        bands: perFold.slice(1).map((values) => known(values[f]!)),
      })),
    };
  } finally {
    backbone.dispose();
  }
}

/** The ablation's card with what the heads are. */
function ablationCard(card: BandAblation['card'], plan: SplitPlan, options: BandNoiseOptions) {
  const steps = [
    `heads fitted on clean training patches, ${plan.title}`,
    ...card.steps.map((step) => step.replace('on patches', 'on test patches')),
    'the heads of the clean run score the test patches of every fold; mean over genes, then over folds',
  ];
  return { ...card, steps, settings: { ...card.settings, split: plan.name, ...probeCard(options) } };
}

function probeCard({ targets, probe, components }: BandNoiseOptions) {
  const { genes } = targets;
  return {
    genes:
      'method' in genes ? `${genes.count} by ${genes.method}, training sections` : `list of ${genes.length}`,
    alpha: String(probe.alpha),
    intercept: String(probe.intercept),
    components: String(components ?? 'none'),
  };
}
