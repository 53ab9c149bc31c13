/** Fine texture of tissue: clumped chromatin and grain of a few micrometres, without any change of mean darkness. */
import { Rng } from '../core/rng.ts';
import { type Field, patchyNoise, ramp, valueNoise } from './smooth-noise.ts';
import { TISSUE, type TissueRaster } from './tissue-raster.ts';

/** Distance between independent grains in micrometres. */
export const GRAIN_UM = 2.4;
/** Relative change of stain at full strength. */
const STRENGTH = 0.8;

/** How strong the texture is at a place, 0 to 1: a field of its own, independent of glands, necrosis and cells. */
export function textureField(seed: string): Field {
  const noise = patchyNoise(new Rng(`${seed}/texture`).uint32(), 340);
  return (x, y) => ramp(noise(x, y), 0.3, 0.7);
}

/**
 * Multiplies both stains by 1 + strength * grain, where the grain has mean 0: averages over many grains, and with them
 * everything that a blurred picture shows, stay as they are.
 *
 * @returns strength per pixel, 0 to 1; 0 on glass.
 */
export function addFineTexture(raster: TissueRaster, field: Field, seed: number): Float32Array {
  const { widthPx, heightPx, mpp, haematoxylin, eosin, label } = raster;
  const grain = valueNoise(seed ^ 0x3d2f, GRAIN_UM);
  const strength = new Float32Array(widthPx * heightPx);
  for (let row = 0, at = 0; row < heightPx; row++) {
    for (let col = 0; col < widthPx; col++, at++) {
      if (label[at] === TISSUE.background) continue;
      const [x, y] = [(col + 0.5) * mpp, (row + 0.5) * mpp];
      const here = field(x, y);
      const factor = 1 + STRENGTH * here * (2 * grain(x, y) - 1);
      strength[at] = here;
      haematoxylin[at] = haematoxylin[at]! * factor;
      eosin[at] = eosin[at]! * factor;
    }
  }
  return strength;
}
