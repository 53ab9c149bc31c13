import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../../src/errors.ts';
import { readCohort, readXenium, toDense } from '../../src/spatial/index.ts';
import { binTranscripts } from '../../src/spatial/xenium.ts';
import { expectRefusal, temporaryFolder } from './section-files.ts';

/** x, y in um, gene, quality. */
const TRANSCRIPTS: readonly (readonly [number, number, string, number])[] = [
  [5, 5, 'EPCAM', 40],
  [99.5, 99, 'EPCAM', 12],
  [100, 20, 'CD3E', 30],
  [250, 320, 'EPCAM', 30],
  [251, 399, 'BLANK_0001', 30],
  [299, 301, 'CD3E', 20],
  [20, 30, 'EPCAM', 21],
];

const GENES = ['BLANK_0001', 'CD3E', 'EPCAM'];

function csv(header = 'transcript_id,x_location,y_location,feature_name,qv'): string {
  const lines = TRANSCRIPTS.map(([x, y, gene, qv], i) => `${i},${x},${y},"${gene}",${qv}`);
  return `${header}\n${lines.join('\n')}\n`;
}

function parquet(pixels = false): Buffer {
  const scale = pixels ? 4 : 1;
  const [x, y] = pixels ? ['he_x', 'he_y'] : ['x_location', 'y_location'];
  const table = parquetWriteBuffer({
    columnData: [
      { name: x!, data: TRANSCRIPTS.map((t) => t[0] * scale), type: 'DOUBLE' },
      { name: y!, data: TRANSCRIPTS.map((t) => t[1] * scale), type: 'DOUBLE' },
      { name: 'feature_name', data: TRANSCRIPTS.map((t) => t[2]), type: 'STRING' },
      { name: 'qv', data: TRANSCRIPTS.map((t) => t[3]), type: 'DOUBLE' },
    ],
    rowGroupSize: 3,
  });
  return Buffer.from(table);
}

describe('readXenium', () => {
  const folder = temporaryFolder();
  const write = async (name: string, files: Record<string, string | Uint8Array>) => {
    await folder.write(`${name}/he.tif`, 'image');
    for (const [file, data] of Object.entries(files)) await folder.write(`${name}/${file}`, data);
    return join(folder.path, name);
  };
  const spots = (pxPerUm: number) =>
    [
      ['000x000', 50, 50, 0, 0],
      ['000x001', 150, 50, 0, 1],
      ['003x002', 250, 350, 3, 2],
    ].map(([barcode, x, y, arrayRow, arrayCol]) => {
      return { barcode, x: Number(x) * pxPerUm, y: Number(y) * pxPerUm, arrayRow, arrayCol };
    });
  const all = [0, 0, 3, 0, 1, 0, 1, 1, 1];

  it.each([
    ['csv', { 'transcripts.csv': csv() }],
    ['csv.gz', { 'transcripts.csv.gz': gzipSync(csv()) }],
    ['parquet', { 'transcripts.parquet': parquet() }],
    ['HEST parquet in pixels', { 'X1_transcripts.parquet': parquet(true) }],
  ] as [string, Record<string, string | Uint8Array>][])(
    'sums 100 um pseudo-spots from %s',
    async (name, files) => {
      const section = await readXenium(await write(name, files), { mpp: 0.25 });
      expect(section.spots).toEqual(spots(4));
      expect(section.counts.genes).toEqual(GENES);
      expect([...toDense(section.counts).data]).toEqual(all);
      expect([section.id, section.mpp, section.mppSource]).toEqual([name, 0.25, 'given by the caller']);
    },
  );

  it('leaves out transcripts of low quality and takes other bins', async () => {
    const path = await write('options', { 'transcripts.csv': csv() });
    const good = await readXenium(path, { mpp: 0.5, minQv: 20 });
    expect(good.spots).toEqual(spots(2));
    expect([...toDense(good.counts).data]).toEqual([0, 0, 2, 0, 1, 0, 1, 1, 1]);
    const large = await readXenium(path, { mpp: 0.5, binUm: 400 });
    expect(large.spots).toEqual([{ barcode: '000x000', x: 400, y: 400, arrayRow: 0, arrayCol: 0 }]);
    expect([...toDense(large.counts).data]).toEqual([1, 2, 4]);
    const moved = await readXenium(path, { mpp: 0.5, transform: { shiftXPx: -10 } });
    expect(moved.spots[0]!.x).toBe(90);
    await folder.write('options/cohort.csv', 'id,path,patient,study,mpp\nX,.,P,S,0.5\n');
    const { sections } = await readCohort(path, { minQv: 20 });
    expect(sections[0]!.counts).toEqual(good.counts);
  });

  it('names the columns that are absent', async () => {
    const path = await write('columns', { 'transcripts.csv': 'a,b\n1,2\n' });
    await expectRefusal(
      readXenium(path, { mpp: 1 }),
      DataError,
      `readXenium: needed the columns feature_name and x_location, y_location (or he_x, he_y), found "a", "b" in ${path}/transcripts.csv`,
    );
    const empty = await write('empty', { 'transcripts.csv': '' });
    await expectRefusal(
      readXenium(empty, { mpp: 1 }),
      DataError,
      `readXenium: needed the columns feature_name and x_location, y_location (or he_x, he_y), found none in ${empty}/transcripts.csv`,
    );
  });

  it('refuses damaged tables and wrong options', async () => {
    const short = await write('short', { 'transcripts.csv': `${csv()}7,1,2\n` });
    await expectRefusal(
      readXenium(short, { mpp: 1 }),
      DataError,
      `readXenium: needed 5 fields in every line, as in the header, found 3 ("7,1,2") in ${short}/transcripts.csv`,
    );
    const cut = await write('cut', { 'transcripts.csv.gz': gzipSync(csv()).subarray(0, 60) });
    await expectRefusal(
      readXenium(cut, { mpp: 1 }),
      DataError,
      `readXenium: needed a readable table of transcripts, found ${cut}/transcripts.csv.gz (unexpected end of file); check that the file was downloaded completely`,
    );
    const good = await write('good', { 'transcripts.csv': csv() });
    await expectRefusal(
      readXenium(good),
      UsageError,
      'readXenium: needed mpp of the H&E image, found none; a Xenium folder only knows the pixel size of its own fluorescence image',
    );
    await expectRefusal(
      readXenium(good, { mpp: 1, minQv: 50 }),
      DataError,
      `readXenium: needed transcripts of quality 50 or more, found none in ${good}/transcripts.csv`,
    );
    await expectRefusal(
      readXenium(good, { mpp: 1, binUm: 0 }),
      UsageError,
      'readXenium: needed binUm above 0 and minQv as numbers, found 0 and 0',
    );
  });

  it('gives the same whatever the order of the transcripts', async () => {
    const lines = csv().trimEnd().split('\n');
    const turned = [lines[0], ...lines.slice(1).reverse()].join('\n');
    const options = { binUm: 100, minQv: 0, mpp: 1 };
    const a = await binTranscripts(await folder.write('order/a.csv', csv()), options);
    const b = await binTranscripts(await folder.write('order/b.csv', turned), options);
    expect(b).toEqual(a);
  });
});
