/** A table of 100,000 rows: genes come at once after the first. */
import { mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import {
  positionsAddress,
  projectionAddress,
  type TableDetail,
  tableAddress,
  valuesAddress,
} from '../../src/contract/index.ts';
import { matrix } from '../../src/core/matrix.ts';
import { Rng } from '../../src/core/rng.ts';
import { writeExpressionH5ad } from '../../src/spatial/index.ts';
import { temporaryFolder } from '../slide/pictures.ts';
import { serve } from './served.ts';

const file = temporaryFolder('large');
const root = () => file('data');
const ROWS = 100_000;
const GENES = Array.from({ length: 60 }, (_, g) => `G${g}`);
const counts = new Float32Array(ROWS * GENES.length);

const served = serve(root, async () => {
  const rng = new Rng(1);
  for (let i = 0; i < counts.length; i++) counts[i] = rng.integer(0, 3);
  await mkdir(root());
  await writeExpressionH5ad(`${root()}/spots.h5ad`, {
    barcodes: Array.from({ length: ROWS }, (_, i) => `spot${i}`),
    genes: GENES,
    values: matrix(ROWS, GENES.length, counts),
    spatial: Array.from({ length: ROWS }, (_, i) => ({ x: 100 * (i % 400), y: 100 * Math.floor(i / 400) })),
    spotDiameterPx: 55,
    obs: {
      in_tissue: {
        kind: 'numbers',
        type: 'int64',
        values: Float64Array.from({ length: ROWS }, (_, i) => (i === 7 ? 0 : 1)),
      },
    },
  });
  await writeFile(`${root()}/readme.txt`, 'nothing of interest');
});

describe('a table of 100,000 spots', () => {
  it('answers a gene within 200 ms once it is loaded, as ln(1 + count) of the spots on tissue', async () => {
    const { id } = await served.table('spots.h5ad');
    const detail = await served.json<TableDetail>(tableAddress(id));
    expect(detail).toMatchObject({
      rows: ROWS - 1,
      kind: 'measured',
      unit: 'ln(1 + count)',
      sizePx: 55,
      slideId: null,
    });
    expect(detail.projection).toBe(false);
    const took: number[] = [];
    for (let g = 0; g < GENES.length; g += 7) {
      const start = performance.now();
      const values = await served.numbers(valuesAddress(id, GENES[g]!));
      took.push(performance.now() - start);
      expect(values).toHaveLength(ROWS - 1);
      // Row 7 lies outside the tissue.
      for (let r = 0; r < ROWS - 1; r += 997) {
        const row = r < 7 ? r : r + 1;
        expect(values[r]).toBe(Math.fround(Math.log1p(counts[row * GENES.length + g]!)));
      }
    }
    took.sort((a, b) => a - b);
    expect(took[Math.floor(took.length / 2)]).toBeLessThan(200);
    expect(await served.numbers(positionsAddress(id))).toHaveLength(2 * (ROWS - 1));
  });

  it('is too large to be laid out, and says so', async () => {
    const { id } = await served.table('spots.h5ad');
    const answer = await served.ask(projectionAddress(id));
    expect(answer.statusCode).toBe(413);
    expect(answer.json().message).toMatch(/at most 4000 rows and this table has 100000/);
  });
});
