/** A probe fitted once on a whole cohort, kept to predict new sections. */
import { type Matrix, vstack } from '../core/matrix.ts';
import { DataError } from '../errors.ts';
import type { Section } from '../spatial/index.ts';
import {
  openSafetensors,
  type SafetensorsFile,
  type StoredTensor,
  writeSafetensors,
} from '../weights/index.ts';
import { fitProbeOnRows } from './cross-validate.ts';
import type { EmbeddedSection } from './embedded-section.ts';
import { chooseGenes, expressionMatrix, type TargetOptions, totalTarget } from './expression-targets.ts';
import { type ComponentsWish, type Probe, type ProbeWish, resolveComponents } from './probe.ts';

/** y = x W + b for named genes, with everything one must know to feed it. */
export interface ExpressionHead {
  readonly genes: readonly string[];
  readonly probe: Probe;
  /** How it was made: encoder, patches, transform, sections; values as text. */
  readonly card: Readonly<Record<string, string>>;
}

export interface HeadOptions {
  readonly targets: TargetOptions;
  readonly probe: ProbeWish;
  readonly components: ComponentsWish;
  /** What else the head's card should say, e.g. the encoder's settings. */
  readonly card: Readonly<Record<string, string>>;
}

/** What nested cross-validation may leave out, per spot: studies, else patients, else sections. */
function alphaLabels(sections: readonly Section[]): string[][] {
  const perSpot = (label: (section: Section) => string) =>
    sections.flatMap((section) => section.spots.map(() => label(section)));
  return [
    perSpot(({ study }) => study),
    perSpot(({ study, patient }) => JSON.stringify([study, patient])),
    perSpot(({ id }) => id),
  ];
}

/** Fits a head on all spots of all sections given. */
export function fitExpressionHead(
  embedded: readonly EmbeddedSection[],
  options: HeadOptions,
): ExpressionHead {
  const sections = embedded.map(({ section }) => section);
  const { genes } = chooseGenes(sections, sections, options.targets);
  const target = options.targets.normalizeTotal === true ? totalTarget(sections) : undefined;
  const y = expressionMatrix(sections, genes, target);
  const features: Matrix = vstack(embedded.map((one) => one.features));
  const components = resolveComponents(options.components, features.cols, features.rows);
  const labels = alphaLabels(sections);
  const probe = fitProbeOnRows(features, y, { ...options.probe, components, labels });
  const card = {
    ...options.card,
    transform: target === undefined ? 'ln(1 + count)' : `ln(1 + count scaled to a total of ${target})`,
    trainedOn: sections.map(({ id }) => id).join(' '),
    trainingSpots: String(y.rows),
    components: String(components ?? 'all features'),
    alpha: String(probe.alpha),
    alphaRule: String(options.probe.alpha),
    intercept: String(options.probe.intercept),
  };
  return { genes, probe, card };
}

const bytesOf = (values: Float64Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

const KIND = 'expression head';

/** Writes a head as safetensors: `weight` [features, genes] and `bias` [genes], float64; the rest as metadata. */
export async function writeExpressionHead(
  path: string,
  { genes, probe, card }: ExpressionHead,
): Promise<void> {
  const tensors = new Map<string, StoredTensor>([
    ['weight', { dtype: 'F64', shape: [probe.inputs, probe.targets], bytes: bytesOf(probe.weights) }],
    ['bias', { dtype: 'F64', shape: [probe.targets], bytes: bytesOf(probe.intercept) }],
  ]);
  const metadata = { kind: KIND, genes: genes.join('\t'), card: JSON.stringify(card) };
  await writeSafetensors(path, tensors, { metadata });
}

/**
 * Reads a file of {@link writeExpressionHead}.
 *
 * @throws UsageError when it does not exist, DataError when it is no head or damaged.
 */
export async function readExpressionHead(path: string): Promise<ExpressionHead> {
  const file = openSafetensors(path);
  try {
    return headOf(file);
  } finally {
    file.close();
  }
}

function headOf({ path, metadata, tensors }: SafetensorsFile): ExpressionHead {
  const [weight, bias] = [tensors.get('weight'), tensors.get('bias')];
  const genes = metadata.genes?.split('\t') ?? [];
  const [inputs, targets] = weight?.shape ?? [];
  const fits =
    metadata.kind === KIND &&
    weight?.dtype === 'F64' &&
    bias?.dtype === 'F64' &&
    weight.shape.length === 2 &&
    bias.shape.join() === String(genes.length) &&
    targets === genes.length;
  if (!fits) {
    throw new DataError('read head', {
      need: 'an expression head (weight [features, genes], bias [genes], gene names)',
      found: `${metadata.kind ?? 'other tensors'} in ${path}`,
      next: 'make one with `mvhybrid fit`',
    });
  }
  const numbers = (bytes: Uint8Array) => new Float64Array(Uint8Array.from(bytes).buffer);
  const card = JSON.parse(metadata.card ?? '{}') as Record<string, string>;
  const probe: Probe = {
    inputs: inputs!,
    targets: targets!,
    weights: numbers(weight.bytes),
    intercept: numbers(bias.bytes),
    alpha: Number(card.alpha),
  };
  return { genes, probe, card };
}
