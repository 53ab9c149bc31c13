/** Spatial frequencies of a pretrained backbone's tokens, block by block and section by section. */
import { join } from 'node:path';
import { type Backbone, BlockStack, imagesFromRgb, openBackbone } from '../backbones/index.ts';
import { expandBlocks } from '../backbones/stack-config.ts';
import { writeFileAtomically } from '../core/atomic-file.ts';
import { stableJson } from '../core/stable-json.ts';
import { sectionPatches } from '../embedding/index.ts';
import { blockSpectra } from '../eval/frequency/index.ts';
import type { Section } from '../spatial/index.ts';
import type { Tensor } from '../tensor/index.ts';
import { encoderOf } from './benchmark-stage.ts';
import type { RunData } from './data.ts';
import type { StageBase } from './pretrain-stages.ts';
import { SCALES } from './scales.ts';
import type { Stage } from './stages.ts';

/** Frequencies from here to the highest, 1, count as high. */
export const HIGH_FROM = 2 / 3;

/** Spectra of one backbone from one seed; plain JSON. */
export interface SpectraResult {
  /** Along the half diagonal, 0 to 1. */
  readonly frequency: readonly number[];
  /** Mixer of every block. */
  readonly mixers: readonly string[];
  /** Relative log amplitude, [section][block][frequency]. */
  readonly curves: readonly { readonly section: string; readonly blocks: readonly (readonly number[])[] }[];
}

function mixersOf(backbone: Backbone, blocks: number): string[] {
  if (backbone instanceof BlockStack) return expandBlocks(backbone.config.blocks).map(({ mixer }) => mixer);
  return Array.from({ length: blocks }, () => 'attention');
}

/** The first pictures of a section, RGB8. */
async function somePictures(
  section: Section,
  { patchUm, sizePx, most }: { patchUm: number; sizePx: number; most: number },
): Promise<Uint8Array> {
  const source = await sectionPatches(section, { patchUm, sizePx });
  const count = Math.min(most, section.spots.length);
  const rgb = new Uint8Array(count * sizePx * sizePx * 3);
  let i = 0;
  for await (const pixels of source.read(0)) {
    rgb.set(pixels, i * pixels.length);
    if (++i === count) break;
  }
  return rgb;
}

async function measure(
  backbone: Backbone,
  sections: readonly Section[],
  { options, progress }: { options: StageBase['options']; progress: (done: number) => void },
): Promise<SpectraResult> {
  const { evaluation, spectrumPictures } = SCALES[options.scale];
  const { patchUm, sizePx, batch } = evaluation;
  const { device = 'cpu' } = options;
  const place = backbone instanceof BlockStack ? 'middle' : 'first';
  const curves: { section: string; blocks: number[][] }[] = [];
  let frequency: readonly number[] = [];
  const each = sizePx * sizePx * 3;
  for (const section of sections) {
    options.signal?.throwIfAborted();
    const rgb = await somePictures(section, { patchUm, sizePx, most: spectrumPictures });
    function* batches(): Generator<Tensor> {
      for (let from = 0; from < rgb.length; from += batch * each) {
        const images = imagesFromRgb(rgb.subarray(from, from + batch * each), sizePx, backbone.card, device);
        try {
          yield images;
        } finally {
          images.dispose();
        }
      }
    }
    const { blocks } = blockSpectra(backbone, batches(), place);
    frequency = blocks[0]!.spectrum.frequency;
    curves.push({
      section: section.id,
      blocks: blocks.map(({ spectrum }) => [...spectrum.relativeLogAmplitude]),
    });
    progress(curves.length);
  }
  return { frequency, mixers: mixersOf(backbone, curves[0]!.blocks.length), curves };
}

/** Leaves spectra.json. */
export function spectraStage(
  backbone: string,
  seed: number,
  { data, identity, base }: { data: () => Promise<RunData>; identity: string; base: StageBase },
): Stage {
  const { options, needs, expectedSeconds } = base;
  const { evaluation, spectrumPictures } = SCALES[options.scale];
  return {
    id: `frequency/${backbone}/seed-${seed}`,
    title: `frequencies of ${backbone}, seed ${seed}`,
    settings: { identity, ...evaluation, spectrumPictures },
    needs,
    expectedSeconds,
    run: async (folder, progress) => {
      const { sections } = await data();
      const { backbone: model } = await openBackbone(encoderOf(options, backbone, seed));
      try {
        const result = await measure(model, sections, {
          options,
          progress: (done) => progress(done, sections.length),
        });
        await writeFileAtomically(join(folder, 'spectra.json'), stableJson(result));
      } finally {
        model.dispose();
      }
    },
  };
}
