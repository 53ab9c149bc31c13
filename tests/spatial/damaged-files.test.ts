/**
 * Seeded damaged copies of every format, 200 each (40 of the binary ones unless RUN_SLOW=1). Each is read as something valid or refused in one line, within ten
 * seconds, and an intact file is still read afterwards.
 */
import { readFileSync } from 'node:fs';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { isMvHybridError } from '../../src/errors.ts';
import {
  openPrecutPatches,
  readH5adSection,
  readMex,
  readStSection,
  readTenxH5,
  readTissuePositions,
  readXenium,
} from '../../src/spatial/index.ts';
import { damaged } from '../support/mutate.ts';
import { goldenPath } from '../support/paths.ts';
import { temporaryFolder } from './section-files.ts';

/** Every damaged copy of a binary format costs a new thread; the full number runs with RUN_SLOW=1. */
const slow = process.env.RUN_SLOW === '1';
const COPIES = 200;
const BINARY_COPIES = slow ? COPIES : 40;
const SIDE_BY_SIDE = 4;
const LIMIT_MS = 10_000;

interface Format {
  readonly name: string;
  readonly bytes: () => Buffer;
  readonly spans?: (bytes: Buffer) => [number, number][];
  /** File name within the folder of a copy; other files come from `prepare`. */
  readonly file: string;
  readonly copies: number;
  readonly prepare?: (folder: string) => Promise<void>;
  readonly read: (folder: string) => Promise<unknown>;
}

const folder = temporaryFolder();
const golden = (name: string) => readFileSync(goldenPath(`eval/${name}`));
const metadata = (bytes: Buffer): [number, number][] => [[0, Math.min(bytes.length, 16384)]];

async function readPatches(path: string): Promise<void> {
  const patches = await openPrecutPatches(path);
  try {
    for (let i = 0; i < patches.barcodes.length; i++) await patches.read(i);
  } finally {
    await patches.close();
  }
}

const bins = Array.from({ length: 400 }, (_, i) => i);
const binTable = () =>
  Buffer.from(
    parquetWriteBuffer({
      columnData: [
        { name: 'barcode', data: bins.map((i) => `s_016um_${i}-1`), type: 'STRING' },
        { name: 'in_tissue', data: bins.map((i) => i % 2), type: 'INT32' },
        { name: 'array_row', data: bins.map((i) => Math.floor(i / 20)), type: 'INT32' },
        { name: 'array_col', data: bins.map((i) => i % 20), type: 'INT32' },
        { name: 'pxl_row_in_fullres', data: bins.map((i) => i * 1.5), type: 'DOUBLE' },
        { name: 'pxl_col_in_fullres', data: bins.map((i) => i * 2.5), type: 'DOUBLE' },
      ],
      rowGroupSize: 150,
    }),
  );

const counts = () => {
  const genes = Array.from({ length: 12 }, (_, g) => `G${g}`);
  const rows = Array.from({ length: 30 }, (_, r) => `s${r},${genes.map((_, g) => (r * g) % 7).join(',')}`);
  return Buffer.from(`,${genes.join(',')}\n${rows.join('\n')}\n`);
};
const spots = `barcode,px,py\n${Array.from({ length: 30 }, (_, r) => `s${r},${r}.5,${2 * r}`).join('\n')}\n`;

const mex = goldenPath('eval/spaceranger_mini/filtered_feature_bc_matrix');
const matrixText = () => {
  const entries = Array.from({ length: 60 }, (_, i) => `${(i % 8) + 1} ${(i % 15) + 1} ${(i % 5) + 1}`);
  const unique = [...new Map(entries.map((line) => [line.split(' ').slice(0, 2).join(' '), line])).values()];
  return Buffer.from(
    `%%MatrixMarket matrix coordinate integer general\n8 15 ${unique.length}\n${unique.join('\n')}\n`,
  );
};

const formats: readonly Format[] = [
  {
    name: 'h5ad',
    bytes: () => golden('hest_mini/st/MINI1.h5ad'),
    spans: metadata,
    file: 'a.h5ad',
    copies: BINARY_COPIES,
    read: (path) => readH5adSection(join(path, 'a.h5ad'), { mpp: 1, imagePath: join(path, 'a.h5ad') }),
  },
  {
    name: 'patches h5',
    bytes: () => golden('hest_mini/patches/MINI1.h5'),
    spans: metadata,
    file: 'a.h5',
    copies: BINARY_COPIES,
    read: (path) => readPatches(join(path, 'a.h5')),
  },
  {
    name: '10x h5',
    bytes: () => golden('spaceranger_mini/filtered_feature_bc_matrix.h5'),
    file: 'a.h5',
    copies: BINARY_COPIES,
    read: (path) => readTenxH5(join(path, 'a.h5')),
  },
  {
    name: 'mtx',
    bytes: matrixText,
    spans: () => [[40, 80]],
    file: 'matrix.mtx',
    copies: COPIES,
    prepare: async (path) => {
      for (const name of ['barcodes.tsv.gz', 'features.tsv.gz']) await cp(join(mex, name), join(path, name));
    },
    read: readMex,
  },
  {
    name: 'mtx.gz',
    bytes: () => readFileSync(join(mex, 'matrix.mtx.gz')),
    file: 'matrix.mtx.gz',
    copies: COPIES,
    prepare: async (path) => {
      for (const name of ['barcodes.tsv.gz', 'features.tsv.gz']) await cp(join(mex, name), join(path, name));
    },
    read: readMex,
  },
  {
    name: 'csv of counts',
    bytes: counts,
    file: 'counts.csv',
    copies: COPIES,
    prepare: async (path) => {
      await writeFile(join(path, 'spots.csv'), spots);
      await writeFile(join(path, 'he.png'), 'image');
    },
    read: (path) => readStSection(path, { mpp: 1 }),
  },
  {
    name: 'csv of spots',
    bytes: () => Buffer.from(spots),
    file: 'spots.csv',
    copies: COPIES,
    prepare: async (path) => {
      await writeFile(join(path, 'counts.csv'), counts());
      await writeFile(join(path, 'he.png'), 'image');
    },
    read: (path) => readStSection(path, { mpp: 1, unplacedCounts: 'drop' }),
  },
  {
    name: 'csv of transcripts',
    bytes: () =>
      Buffer.from(
        `feature_name,x_location,y_location,qv\n${bins.map((i) => `G${i % 9},${i},${i * 2},${i % 40}`).join('\n')}`,
      ),
    file: 'transcripts.csv',
    copies: COPIES,
    prepare: (path) => writeFile(join(path, 'he.png'), 'image'),
    read: (path) => readXenium(path, { mpp: 1 }),
  },
  {
    name: 'parquet',
    bytes: binTable,
    spans: (bytes) => [[bytes.length - 1500, bytes.length]],
    file: 'tissue_positions.parquet',
    copies: BINARY_COPIES,
    read: readTissuePositions,
  },
];

describe.each(formats)(
  '$copies damaged copies: $name',
  ({ name, bytes, spans, file, copies, prepare, read }) => {
    const at = (copy: number | 'intact') => join(folder.path, `${name.replaceAll(' ', '-')}-${copy}`);
    const place = async (path: string, content: Buffer) => {
      await writeFile(join(path, file), content);
    };
    beforeAll(async () => {
      for (const copy of ['intact' as const, ...Array.from({ length: copies }, (_, i) => i)]) {
        await mkdir(at(copy), { recursive: true });
        await prepare?.(at(copy));
      }
      await place(at('intact'), bytes());
    });

    /** What reading one copy ended in; problems are what must never happen. */
    async function tryCopy(copy: number): Promise<'read' | 'refused' | string> {
      const original = bytes();
      await place(at(copy), damaged(original, new Rng(`${name} ${copy}`), spans?.(original)));
      const start = performance.now();
      const outcome = await read(at(copy)).then(
        () => 'read',
        (error: unknown) => {
          if (!isMvHybridError(error)) return `copy ${copy}: ${String((error as Error)?.stack ?? error)}`;
          return error.message.includes('\n') ? `copy ${copy}: several lines: ${error.message}` : 'refused';
        },
      );
      const ms = performance.now() - start;
      return ms > LIMIT_MS ? `copy ${copy}: ${Math.round(ms)} ms` : outcome;
    }

    it('are read or refused in one line, and an intact one is read after them', async () => {
      const outcomes: string[] = [];
      const numbers = Array.from({ length: copies }, (_, i) => i).values();
      await Promise.all(
        Array.from({ length: SIDE_BY_SIDE }, async () => {
          for (const copy of numbers) outcomes.push(await tryCopy(copy));
        }),
      );
      expect(outcomes.filter((outcome) => outcome !== 'read' && outcome !== 'refused')).toEqual([]);
      expect(outcomes).toHaveLength(copies);
      expect(outcomes.filter((outcome) => outcome === 'refused').length).toBeGreaterThan(copies / 10);
      await read(at('intact'));
    }, 240_000);
  },
);
