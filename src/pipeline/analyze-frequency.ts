/** Spatial frequencies of a backbone's tokens, and the poles of its state-space layers, as a run with a result. */
import { basename } from 'node:path';
import { BlockStack, imagesFromRgb, openBackbone } from '../backbones/index.ts';
import { folderPatches } from '../embedding/index.ts';
import {
  type BlockSpectra,
  blockSpectra,
  type ClassTokenPlace,
  contrastPoles,
  type PoleContrast,
  type PoleSurvey,
  surveyPoles,
} from '../eval/frequency/index.ts';
import { scope, type Tensor, toFloat32Array } from '../tensor/index.ts';
import type { BandNoiseRun } from './ablate-bands.ts';
import type { EncoderSettings } from './embed-sections.ts';

export interface FrequencyOptions {
  /** Pictures used, the first by name; undefined: all. */
  readonly most?: number | undefined;
  /** Default: in the middle for MV_Hybrid and its relatives, first for others. */
  readonly classToken?: ClassTokenPlace | undefined;
  readonly signal?: AbortSignal;
}

export interface FrequencyAnalysis {
  readonly kind: 'frequency analysis';
  readonly pictures: string;
  readonly encoder: Readonly<Record<string, string>>;
  readonly spectra: BlockSpectra;
  /** Null for a backbone without state-space layers. */
  readonly poles: PoleSurvey | null;
  /** What these poles tell apart beside complex ones; null as `poles`. */
  readonly contrast: PoleContrast | null;
}

/** The analysis as it is written. */
export interface FrequencyRun extends FrequencyAnalysis {
  /** Noise in bands against the correlation with expression; null where no cohort was given. */
  readonly noise: BandNoiseRun | null;
}

/** All pictures (at most `most`), RGB8. */
async function readAll(
  folder: string,
  sizePx: number,
  most: number | undefined,
  signal?: AbortSignal,
): Promise<Uint8Array[]> {
  const source = await folderPatches(folder, sizePx);
  const pictures: Uint8Array[] = [];
  for await (const pixels of source.read(0)) {
    signal?.throwIfAborted();
    pictures.push(pixels);
    if (pictures.length === most) break;
  }
  return pictures;
}

/**
 * @param folder pictures of the encoder's input size.
 * @throws UsageError for no pictures; ShapeError for other sizes.
 */
export async function analyzeFrequency(
  folder: string,
  settings: Omit<EncoderSettings, 'features' | 'patchUm'>,
  { most, classToken, signal }: FrequencyOptions = {},
): Promise<FrequencyAnalysis> {
  const { sizePx, batch, device = 'cpu' } = settings;
  const pictures = await readAll(folder, sizePx, most, signal);
  const { backbone, name, weights } = await openBackbone(settings);
  try {
    const bytesEach = sizePx * sizePx * 3;
    function* batches(): Generator<Tensor> {
      for (let from = 0; from < pictures.length; from += batch) {
        const some = pictures.slice(from, from + batch);
        const rgb = new Uint8Array(some.length * bytesEach);
        for (const [i, pixels] of some.entries()) rgb.set(pixels, i * bytesEach);
        const images = imagesFromRgb(rgb, sizePx, backbone.card, device);
        try {
          yield images;
        } finally {
          images.dispose();
        }
      }
    }
    const place = classToken ?? (backbone instanceof BlockStack ? 'middle' : 'first');
    const spectra = blockSpectra(backbone, batches(), place);
    const parameters = new Map(
      [...backbone.namedParameters()].map(([key, parameter]) => [
        key,
        {
          shape: parameter.shape,
          get data() {
            return scope(() => toFloat32Array(parameter));
          },
        },
      ]),
    );
    const poles = [...parameters.keys()].some((key) => key.endsWith('.A_log'))
      ? surveyPoles(parameters)
      : null;
    return {
      kind: 'frequency analysis',
      pictures: basename(folder),
      encoder: { backbone: name, weights, sizePx: String(sizePx) },
      spectra,
      poles,
      contrast: poles === null ? null : contrastPoles(parameters)!,
    };
  } finally {
    backbone.dispose();
  }
}
