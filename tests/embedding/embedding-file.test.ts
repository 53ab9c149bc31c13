/** Embedding files: what is written comes back, and a damaged file costs one line, never the program. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as h5 from 'h5wasm/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { type Embeddings, readEmbeddings, writeEmbeddings } from '../../src/embedding/index.ts';
import { isMvHybridError } from '../../src/errors.ts';
import { damaged } from '../support/mutate.ts';

const root = mkdtempSync(join(tmpdir(), 'mvhybrid-embeddings-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const at = (name: string) => join(root, name);
const slow = process.env.RUN_SLOW === '1';
const COPIES = slow ? 200 : 40;

const rng = new Rng('embedding file');
const made: Embeddings = {
  rows: Array.from({ length: 50 }, (_, i) => ({
    barcode: i === 7 ? 'Schnitt-ä/7' : `spot-${i}-1`,
    x: 3 * i - 20,
    y: 2 ** 33 + i,
  })),
  values: Float32Array.from({ length: 50 * 24 }, () => rng.normal()),
  width: 24,
  attributes: { backbone: 'mv-hybrid', image: 'Färbung.tif 12 bytes', patchUm: '112' },
};

beforeAll(() => writeEmbeddings(at('intact.h5'), made));

/** How reading ends; the message of a refusal must be one line. */
async function outcome(path: string): Promise<string> {
  const start = performance.now();
  const text = await readEmbeddings(path).then(
    () => 'read',
    (error: unknown) => {
      if (!isMvHybridError(error)) return `untagged: ${String((error as Error)?.stack ?? error)}`;
      return error.message.includes('\n') ? `several lines: ${error.message}` : 'refused';
    },
  );
  const ms = performance.now() - start;
  return ms > 12_000 ? `${Math.round(ms)} ms` : text;
}

describe('intact files', () => {
  it('give back rows, values and settings, and equal input equal bytes', async () => {
    expect(await readEmbeddings(at('intact.h5'))).toEqual(made);
    await writeEmbeddings(at('again.h5'), made);
    expect(readFileSync(at('again.h5')).equals(readFileSync(at('intact.h5')))).toBe(true);
  });

  it('of other tools: names of fixed length in a column, float64, no settings', async () => {
    await h5.ready;
    const file = new h5.File(at('other.h5'), 'w');
    const names = ['AAAC-1', 'AAAG-1', 'AAAT-1'];
    file.create_dataset({ name: 'embeddings', data: Float64Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2] });
    file.create_dataset({ name: 'barcodes', data: names, shape: [3, 1], dtype: 'S6' });
    file.create_dataset({ name: 'coords', data: Int32Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2] });
    file.close();
    expect(await readEmbeddings(at('other.h5'))).toEqual({
      rows: names.map((barcode, i) => ({ barcode, x: 2 * i + 1, y: 2 * i + 2 })),
      values: Float32Array.of(1, 2, 3, 4, 5, 6),
      width: 2,
      attributes: {},
    });
  });
});

describe('other files', () => {
  it('absent: a usage error', async () => {
    await expect(readEmbeddings(at('absent.h5'))).rejects.toMatchObject({
      code: 'usage',
      message: `read embeddings: needed an embedding file, found nothing at ${at('absent.h5')}; check the path`,
    });
  });

  it('no HDF5, or without the values', async () => {
    writeFileSync(at('text.h5'), 'barcode,x,y\n');
    await expect(readEmbeddings(at('text.h5'))).rejects.toThrow(
      /needed a readable HDF5 file, found .*text\.h5/,
    );
    const file = new h5.File(at('empty.h5'), 'w');
    file.create_dataset({ name: 'features', data: Float32Array.of(1) });
    file.close();
    await expect(readEmbeddings(at('empty.h5'))).rejects.toThrow(
      /needed a data set "embeddings", found none/,
    );
  });

  it('with fewer names than rows, or settings that are no JSON', async () => {
    const file = new h5.File(at('short.h5'), 'w');
    file.create_dataset({ name: 'embeddings', data: new Float32Array(6), shape: [3, 2] });
    file.create_dataset({ name: 'barcodes', data: ['a', 'b'], shape: [2] });
    file.create_dataset({ name: 'coords', data: new Int32Array(6), shape: [3, 2] });
    file.close();
    await expect(readEmbeddings(at('short.h5'))).rejects.toThrow(/needed 3 barcodes .* found 2 and 3/);
    const other = new h5.File(at('settings.h5'), 'w');
    other.create_dataset({ name: 'embeddings', data: new Float32Array(2), shape: [1, 2] });
    other.create_dataset({ name: 'barcodes', data: ['a'], shape: [1] });
    other.create_dataset({ name: 'coords', data: new Int32Array(2), shape: [1, 2] });
    other.create_attribute('mvhybrid', '{"backbone":');
    other.close();
    await expect(readEmbeddings(at('settings.h5'))).rejects.toThrow(/needed settings as JSON/);
  });
});

describe('damaged files', () => {
  const intact = () => readFileSync(at('intact.h5'));

  it('cut anywhere are refused in one line', async () => {
    const bytes = intact();
    const lengths = [0, 7, 8, 60, 96, 200, 600, 800, 1500, 2048, bytes.length >> 1, bytes.length - 1];
    for (const length of lengths) {
      writeFileSync(at('cut.h5'), bytes.subarray(0, length));
      expect(await outcome(at('cut.h5')), `cut to ${length} bytes`).toBe('refused');
    }
    expect(await readEmbeddings(at('intact.h5'))).toEqual(made);
  }, 120_000);

  it(`${COPIES} copies with flipped bits and other damage are read or refused in one line`, async () => {
    const bytes = intact();
    const outcomes: string[] = [];
    for (let i = 0; i < COPIES; i++) {
      // Two of three with damage to the head and the tail, where the structure lies.
      const spans: [number, number][] = [
        [0, 2048],
        [bytes.length - 4096, bytes.length],
      ];
      writeFileSync(at('damaged.h5'), damaged(bytes, new Rng(`embedding ${i}`), spans));
      outcomes.push(await outcome(at('damaged.h5')));
    }
    expect(outcomes.filter((one) => one !== 'read' && one !== 'refused')).toEqual([]);
    expect(outcomes.filter((one) => one === 'refused').length).toBeGreaterThan(COPIES / 5);
    expect(await readEmbeddings(at('intact.h5'))).toEqual(made);
  }, 300_000);
});
