import { describe, expect, it } from 'vitest';
import {
  DEFAULT_TARGETS,
  normalizeStain,
  stainTarget,
  stainTransform,
} from '../../../src/pipeline/slides/stain-choice.ts';
import { fitMacenko, fitReinhard, openSlide, planTiles, readTile } from '../../../src/slide/index.ts';
import { writeSyntheticSlide } from '../../../src/synthetic/index.ts';
import { temporaryFolder } from '../../slide/pictures.ts';
import { sharedData } from '../../support/paths.ts';

const file = temporaryFolder('stain');
const example = sharedData('slides/cmu-1-small-region.svs');

describe('default stain targets', () => {
  it.skipIf(example === undefined)('are what the test slide gives', async () => {
    const macenko = (await stainTarget('macenko', example)).target;
    const reinhard = (await stainTarget('reinhard', example)).target;
    const flat = (value: object): number[] => Object.values(value).flat().filter(Number.isFinite) as number[];
    // JPEG decoders may differ in the last bit of a pixel.
    expect(flat(macenko)).toBeClose(flat(DEFAULT_TARGETS.macenko), { atol: 0.01 });
    expect(flat(reinhard)).toBeClose(flat(DEFAULT_TARGETS.reinhard), { atol: 0.05 });
  });

  it('are reached by the patches of another slide', async () => {
    await writeSyntheticSlide(file('a.svs'), { seed: 4, widthPx: 1600, heightPx: 1600 });
    const slide = await openSlide(file('a.svs'));
    try {
      const { corners, size } = await planTiles(slide, { patchPx: 112, minTissueShare: 0.99 });
      const grid = { ...size, corners };
      const normalized = async (method: 'macenko' | 'reinhard') => {
        const transform = await stainTransform(slide, grid, await stainTarget(method));
        const count = Math.min(32, corners.length / 2);
        const pixels = new Uint8Array(3 * 112 * 112 * count);
        for (let i = 0; i < count; i++) {
          const patch = await readTile(slide, grid, Math.floor(((i + 0.5) * (corners.length / 2)) / count));
          pixels.set(normalizeStain(patch, transform), 3 * 112 * 112 * i);
        }
        return pixels;
      };
      const { mean, std } = fitReinhard(await normalized('reinhard'));
      // Colours outside RGB are cut off.
      expect(mean).toBeClose(DEFAULT_TARGETS.reinhard.mean, { atol: 3 });
      expect(std).toBeClose(DEFAULT_TARGETS.reinhard.std, { atol: 5 });
      const { haematoxylin, eosin } = fitMacenko(await normalized('macenko'));
      const cosine = (a: readonly number[], b: readonly number[]) =>
        a.reduce((sum, v, i) => sum + v * b[i]!, 0);
      expect(cosine(haematoxylin, DEFAULT_TARGETS.macenko.haematoxylin)).toBeGreaterThan(0.98);
      expect(cosine(eosin, DEFAULT_TARGETS.macenko.eosin)).toBeGreaterThan(0.98);
    } finally {
      await slide.close();
    }
  });
});
