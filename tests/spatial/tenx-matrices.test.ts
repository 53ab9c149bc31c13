import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { File, ready } from 'h5wasm/node';
import { describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../../src/errors.ts';
import { toDense } from '../../src/spatial/count-matrix.ts';
import { readMex } from '../../src/spatial/mex.ts';
import { readTenxH5 } from '../../src/spatial/tenx-h5.ts';
import { goldenPath, readEvalGolden } from '../support/paths.ts';
import { expectRefusal, temporaryFolder } from './section-files.ts';

interface Golden {
  readonly barcodes: string[];
  readonly genes: string[];
  readonly X_spots_by_genes: number[][];
}

const golden = readEvalGolden<Golden>('spaceranger_mini_expected');
const mini = goldenPath('eval/spaceranger_mini');
const miniMex = join(mini, 'filtered_feature_bc_matrix');

describe('10x matrices', () => {
  it.each([
    ['h5', () => readTenxH5(join(mini, 'filtered_feature_bc_matrix.h5'))],
    ['MEX', () => readMex(miniMex)],
  ])('%s: every count', async (_, read) => {
    const counts = await read();
    expect(counts.barcodes).toEqual(golden.barcodes);
    expect(counts.genes).toEqual(golden.genes);
    expect([...toDense(counts).data]).toEqual(golden.X_spots_by_genes.flat());
  });
});

describe('readMex', () => {
  const folder = temporaryFolder();
  const banner = '%%MatrixMarket matrix coordinate integer general\n';
  const write = async (
    name: string,
    matrix: string,
    features = 'E1\tA\nE2\tA\nE3\tCD3\tAntibody Capture\n',
  ) => {
    await folder.write(`${name}/barcodes.tsv`, 'b1\nb2\n');
    await folder.write(`${name}/features.tsv`, features);
    await folder.write(`${name}/matrix.mtx`, matrix);
    return join(folder.path, name);
  };

  it('reads plain files with rows in any order, drops other features and numbers repeated genes', async () => {
    const counts = await readMex(
      await write('good', `${banner}% a comment\n3 2 4\n2 2 7\n3 1 5\n1 2 1\n2 1 4\n`),
    );
    expect(counts.genes).toEqual(['A', 'A-1']);
    expect([...toDense(counts).data]).toEqual([0, 4, 1, 7]);
  });

  const cases: readonly [string, string, string][] = [
    [
      'array',
      '%%MatrixMarket matrix array real general\n',
      'a "%%MatrixMarket matrix coordinate integer general" file, found "%%MatrixMarket matrix array real general"',
    ],
    ['size', `${banner}4 2 0\n`, '3 features x 2 barcodes, as the other two files have, found 4 x 2'],
    ['short', `${banner}3 2 2\n1 1 1\n`, '2 entries, found 1'],
    ['long', `${banner}3 2 1\n1 1 1\n1 2 1\n`, '1 entries, found more'],
    [
      'outside',
      `${banner}3 2 1\n4 1 1\n`,
      '"gene barcode count" with gene 1 to 3 and barcode 1 to 2, found "4 1 1"',
    ],
    [
      'text',
      `${banner}3 2 1\n1 1 x\n`,
      '"gene barcode count" with gene 1 to 3 and barcode 1 to 2, found "1 1 x"',
    ],
  ];
  it.each(cases)('refuses %s', async (name, matrix, message) => {
    const path = await write(name, matrix);
    await expectRefusal(readMex(path), DataError, `readMex: needed ${message} in ${path}/matrix.mtx`);
  });

  it('refuses negative counts, naming barcode and gene', async () => {
    const path = await write('negative', `${banner}3 2 1\n2 1 -4\n`);
    await expectRefusal(
      readMex(path),
      DataError,
      `createCountMatrix: needed finite counts of 0 or more, found -4 at barcode "b1", gene "A-1" in ${path}/matrix.mtx; give raw counts, not scaled values`,
    );
  });

  it('refuses a folder without genes or without files', async () => {
    const path = await write('antibodies', `${banner}1 2 0\n`, 'E3\tCD3\tAntibody Capture\n');
    await expectRefusal(
      readMex(path),
      DataError,
      `keepGeneExpression: needed features of type "Gene Expression", found none among 1 in ${path}/matrix.mtx`,
    );
    await folder.write('empty/readme.txt', '');
    const empty = join(folder.path, 'empty');
    await expectRefusal(
      readMex(empty),
      DataError,
      `readMex: needed barcodes.tsv (or .gz), found none in ${empty}; give the complete MEX folder`,
    );
  });
});

describe('readTenxH5 on unusable files', () => {
  const folder = temporaryFolder();
  it('says when the file is not there, no HDF5, cut short, or another HDF5', async () => {
    const none = join(folder.path, 'none.h5');
    await expectRefusal(
      readTenxH5(none),
      UsageError,
      `readTenxH5: needed a 10x .h5 file, found nothing at ${none}; check the path`,
    );
    const text = await folder.write('text.h5', 'not HDF5');
    await expectRefusal(
      readTenxH5(text),
      DataError,
      `readTenxH5: needed a readable HDF5 file, found ${text} (no HDF5 signature); check that the file was downloaded completely`,
    );
    const bytes = readFileSync(join(mini, 'filtered_feature_bc_matrix.h5'));
    const short = await folder.write('short.h5', bytes.subarray(0, bytes.length / 2));
    const error = await readTenxH5(short).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DataError);
    expect((error as Error).message).toMatch(
      /^readTenxH5: needed a readable HDF5 file, found \S+short\.h5 \([^\n]+\); check that the file was downloaded completely$/,
    );
  });
});

describe('readTenxH5 on other HDF5 files', () => {
  const folder = temporaryFolder();
  const write = async (name: string, fill: (file: File) => void) => {
    await ready;
    const path = join(folder.path, name);
    const file = new File(path, 'w');
    fill(file);
    file.close();
    return path;
  };
  const tenx = (file: File, shape: number[], types: string[]) => {
    const group = file.create_group('matrix');
    const features = group.create_group('features');
    const column = (at: typeof group, name: string, data: Int32Array | string[]) =>
      at.create_dataset({ name, data });
    column(group, 'barcodes', ['b1', 'b2']);
    column(group, 'shape', Int32Array.from(shape));
    column(group, 'indptr', Int32Array.of(0, 2, 3));
    column(group, 'indices', Int32Array.of(2, 0, 1));
    column(group, 'data', Int32Array.of(5, 4, 9));
    column(features, 'name', ['A', 'CD3', 'A']);
    column(features, 'feature_type', types);
  };
  const types = ['Gene Expression', 'Antibody Capture', 'Gene Expression'];

  it('drops other features, sorts columns and numbers repeated genes', async () => {
    const counts = await readTenxH5(await write('tags.h5', (file) => tenx(file, [3, 2], types)));
    expect(counts.genes).toEqual(['A', 'A-1']);
    expect([...toDense(counts).data]).toEqual([4, 5, 0, 0]);
  });

  it('refuses the older layout and a wrong shape', async () => {
    const old = await write('old.h5', (file) => file.create_group('GRCh38'));
    await expectRefusal(
      readTenxH5(old),
      DataError,
      `readTenxH5: needed the group /matrix with features, as Cell Ranger 3 and Space Ranger write it, found none in ${old}; convert older files with the current 10x software`,
    );
    const shape = await write('shape.h5', (file) => tenx(file, [2, 3], types));
    await expectRefusal(
      readTenxH5(shape),
      DataError,
      `readTenxH5: needed shape 3 x 2, the numbers of features and barcodes, found 2 x 3 in ${shape}`,
    );
  });
});
