/** Generated slides and an encoder that is quick to run. */
import { join } from 'node:path';
import { createBackbone } from '../../../src/backbones/index.ts';
import { writeSyntheticSlide } from '../../../src/synthetic/index.ts';
import { saveModule } from '../../../src/weights/index.ts';

const OPTIONS = { width: 64, depth: 2, heads: 1 };

/** A random encoder of two blocks, in a file that says what it is. */
export async function writeSmallEncoder(path: string): Promise<void> {
  const backbone = createBackbone('mv-hybrid', OPTIONS).initialize(5);
  try {
    const metadata = { kind: 'backbone', backbone: 'mv-hybrid', backboneOptions: JSON.stringify(OPTIONS) };
    await saveModule(backbone, path, metadata);
  } finally {
    backbone.dispose();
  }
}

/** Seeds whose slides hold a large piece of tissue. */
const SEEDS = [3, 4, 6, 12, 13, 14];

/** Up to six slides `s1.svs`, `s2.svs` ... of 1000 x 800 pixels at 0.5 um. */
export async function writeSmallSlides(folder: string, count: number): Promise<string[]> {
  const paths: string[] = [];
  for (let i = 1; i <= count; i++) {
    const path = join(folder, `s${i}.svs`);
    await writeSyntheticSlide(path, { seed: SEEDS[i - 1]!, widthPx: 1000, heightPx: 800 });
    paths.push(path);
  }
  return paths;
}
