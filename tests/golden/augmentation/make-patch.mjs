// Writes patch.png, the generated H&E-like input of the golden cases. Needs a build: npm run build:ts
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { syntheticPatches } from '../../../dist/synthetic/index.js';

const SIDE_PX = 128;

/** Of a hundred patches, the one with most change from pixel to pixel: nuclei rather than bare glass. */
async function liveliest() {
  let best = { change: -1 };
  for await (const pixels of syntheticPatches(100, SIDE_PX, 7)) {
    const change = pixels.reduce((sum, value, i) => sum + Math.abs(value - (pixels[i + 3] ?? value)), 0);
    if (change > best.change) best = { change, pixels };
  }
  return best.pixels;
}

await sharp(await liveliest(), { raw: { width: SIDE_PX, height: SIDE_PX, channels: 3 } })
  .png({ compressionLevel: 9 })
  .toFile(fileURLToPath(new URL('./patch.png', import.meta.url)));
