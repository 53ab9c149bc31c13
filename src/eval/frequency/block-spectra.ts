import type { Backbone } from '../../backbones/backbone.ts';
import { UsageError } from '../../errors.ts';
import { noGrad, scope, type Tensor } from '../../tensor/index.ts';
import { cell, numberColumns, type ProtocolCard, type ResultTable } from '../results/index.ts';
import { type Spectrum, SpectrumSum } from './spectrum.ts';
import { type ClassTokenPlace, tokenGrid } from './token-grid.ts';

/** Spectra of a backbone's tokens after every block; plain JSON. */
export interface BlockSpectra {
  readonly card: ProtocolCard;
  readonly blocks: readonly { readonly block: number; readonly spectrum: Spectrum }[];
}

/**
 * Runs images through a backbone and measures the tokens after every block: how much each block keeps of high
 * spatial frequencies.
 *
 * @param batches normalised images [B, 3, H, W] each, square and all of one size; not disposed here.
 * @throws UsageError for no batch; ShapeError for grids that are not square.
 * @source Park and Kim, arXiv:2202.06709 (relative log amplitude).
 */
export function blockSpectra(
  backbone: Backbone,
  batches: Iterable<Tensor>,
  classToken: ClassTokenPlace,
): BlockSpectra {
  const sums: SpectrumSum[] = [];
  let images = 0;
  for (const batch of batches) {
    images += batch.size(0);
    noGrad(() =>
      scope(() => {
        backbone.forward(batch, {
          onBlock: (index, sequence) => {
            const grid = tokenGrid(sequence, classToken);
            sums[index] ??= new SpectrumSum(grid.size(2));
            sums[index].add(grid);
          },
        });
      }),
    );
  }
  if (sums.length === 0) throw new UsageError('block spectra', { need: 'at least one batch', found: 'none' });
  const blocks = sums.map((sum, block) => ({ block, spectrum: sum.result() }));
  return { card: cardOf(backbone.card.name, images, blocks, classToken), blocks };
}

function cardOf(
  backbone: string,
  images: number,
  blocks: BlockSpectra['blocks'],
  classToken: ClassTokenPlace,
): ProtocolCard {
  const flat = blocks.filter(({ spectrum }) => spectrum.radial.lowFraction === null);
  return {
    task: 'spatial frequencies of tokens, block by block',
    steps: [
      'tokens after each block as maps, class token left out',
      'log(|FFT2| + 1e-6), mean over images and channels, half diagonal minus its first entry',
      'power of each map without its mean, by distance from frequency 0',
    ],
    settings: { backbone, classToken, side: blocks[0]!.spectrum.side },
    counts: { images, blocks: blocks.length, maps: blocks[0]!.spectrum.maps },
    seeds: {},
    tieRules: [],
    undefinedValues: flat.map(({ block }) => `block ${block}: constant maps, no share of low frequencies`),
  };
}

/** One row per block: relative log amplitude at a few frequencies and the share of low-frequency power. */
export function formatBlockSpectra({ blocks }: BlockSpectra): ResultTable {
  const { frequency } = blocks[0]!.spectrum;
  const shown = frequency.map((_, i) => i).slice(1);
  return {
    columns: numberColumns('block', ...shown.map((i) => `f ${frequency[i]!.toFixed(2)}`), 'low share'),
    rows: blocks.map(({ block, spectrum }) => [
      String(block),
      ...shown.map((i) => cell(spectrum.relativeLogAmplitude[i]!)),
      cell(spectrum.radial.lowFraction),
    ]),
  };
}
