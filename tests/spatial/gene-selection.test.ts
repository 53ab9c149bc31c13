import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../../src/errors.ts';
import { countMatrixFromDense, selectGeneColumns } from '../../src/spatial/count-matrix.ts';
import { readGeneList } from '../../src/spatial/gene-list.ts';
import { geneMoments } from '../../src/spatial/gene-moments.ts';
import { candidateGenes, requireGenes, selectGenes } from '../../src/spatial/gene-selection.ts';
import { highlyVariable } from '../../src/spatial/highly-variable.ts';
import { log1p } from '../../src/spatial/normalize.ts';
import { highlyVariableSeuratV3 } from '../../src/spatial/seurat-v3.ts';
import { readEvalGolden } from '../support/paths.ts';
import { expectNumbers } from './expect-numbers.ts';
import { expectMessage } from './section-files.ts';

interface Golden {
  readonly genes: string[];
  readonly sample_rows: number[];
  readonly k: number;
  readonly common: string[];
  readonly hest_var: string[];
  readonly hest_var_stats: { readonly dispersions_norm: (number | null)[]; readonly means: number[] };
  readonly hest_mean: string[];
  readonly hmhvg: {
    readonly n: number;
    readonly pool: number;
    readonly mean_log1p: number[];
    readonly A: string[];
    readonly B: string[];
    readonly C: string[];
  };
}

const golden = readEvalGolden<Golden>('gene_selection');
const { counts, batch } = readEvalGolden<{ counts: number[][]; batch: string[] }>('hvg');

function sectionOf(id: string, genes: readonly string[], rows: readonly number[][]) {
  const barcodes = rows.map((_, r) => `${id}-${r}`);
  return { id, counts: countMatrixFromDense(barcodes, genes, Float64Array.from(rows.flat()), id) };
}

const sections = [...new Set(batch)].map((id) =>
  sectionOf(
    id,
    golden.genes,
    counts.filter((_, r) => batch[r] === id),
  ),
);

describe('selectGenes against the HEST rules', () => {
  it('keeps genes detected in 10 % of the spots of every section', () => {
    expect(sections.map((section) => section.counts.barcodes.length)).toEqual(golden.sample_rows);
    expect(candidateGenes(sections)).toEqual(golden.common);
  });

  it('ranks by the same statistics', () => {
    const logs = sections.map((section) => log1p(selectGeneColumns(section.counts, golden.common)));
    const { means, normalizedDispersions } = highlyVariable(logs, { flavor: 'seurat', count: golden.k });
    expect(means).toBeClose(golden.hest_var_stats.means, { atol: 1e-12 });
    expectNumbers(normalizedDispersions, golden.hest_var_stats.dispersions_norm, 1e-9);
    expect(geneMoments(logs).mean).toBeClose(golden.hmhvg.mean_log1p, { atol: 1e-12 });
  });

  const { n, pool } = golden.hmhvg;
  const cases = [
    ['hvg', { method: 'hvg', count: golden.k }, golden.hest_var],
    ['mean', { method: 'mean', count: golden.k }, golden.hest_mean],
    ['hmhvg', { method: 'hmhvg', count: n, pool }, golden.hmhvg.A],
    ['hmhvg-rank', { method: 'hmhvg-rank', count: n }, golden.hmhvg.B],
    ['hmhvg-variance', { method: 'hmhvg-variance', count: n, pool }, golden.hmhvg.C],
  ] as const;
  it.each(cases)('%s', (_, options, expected) => {
    expect(selectGenes(sections, options).genes).toEqual(expected);
  });

  it('offers the other flavours of the same statistics', () => {
    const raw = sections.map((section) => selectGeneColumns(section.counts, golden.common));
    const options = { flavor: 'cell_ranger', count: golden.k } as const;
    const { selected } = highlyVariable(
      raw.map((matrix) => log1p(matrix)),
      options,
    );
    const flagged = golden.common.filter((_, g) => selected[g]).slice(0, golden.k);
    expect(selectGenes(sections, { method: 'hvg-cell-ranger', count: golden.k }).genes).toEqual(flagged);
    const { order } = highlyVariableSeuratV3(
      raw.map((matrix) => [matrix]),
      { count: golden.k },
    );
    expect(selectGenes(sections, { method: 'hvg-seurat-v3', count: golden.k }).genes).toEqual(
      Array.from(order, (g) => golden.common[g]!),
    );
  });

  it('takes a pool of twice the count unless told', () => {
    const options = { method: 'hmhvg', count: 20 } as const;
    expect(selectGenes(sections, options).genes).toEqual(
      selectGenes(sections, { ...options, pool: 40 }).genes,
    );
    expect(selectGenes(sections, options).genes).not.toEqual(
      selectGenes(sections, { ...options, pool: 80 }).genes,
    );
  });
});

describe('selectGenes on unusable input', () => {
  const small = [
    sectionOf(
      'P',
      ['A', 'B'],
      [
        [1, 0],
        [3, 2],
      ],
    ),
    sectionOf(
      'Q',
      ['B', 'C'],
      [
        [0, 1],
        [0, 4],
      ],
    ),
  ];
  it('says when the gene list is empty', () => {
    const call = () => selectGenes(small, { method: 'mean', count: 1 });
    expect(call).toThrow(DataError);
    expectMessage(
      call,
      'selectGenes: needed genes that every training section detects in enough spots, found an empty gene list ' +
        'from 2 sections; check that gene names agree between sections, or lower minSpotFraction',
    );
  });
  it('says when there are too few candidates', () => {
    expectMessage(
      () => selectGenes(small.slice(0, 1), { method: 'mean', count: 3 }),
      'selectGenes: needed 3 genes, found 2 candidates; lower count or minSpotFraction',
    );
  });
  it('says when too few genes have a dispersion', () => {
    const constant = [
      sectionOf(
        'P',
        ['A', 'B'],
        [
          [1, 0],
          [1, 2],
        ],
      ),
    ];
    expectMessage(
      () => selectGenes(constant, { method: 'hvg', count: 2 }),
      'selectGenes: needed 2 genes, found 1 with a dispersion; lower count or minSpotFraction',
    );
  });
  it.each([
    [
      { method: 'median', count: 1 },
      'a method of hvg, hvg-cell-ranger, hvg-seurat-v3, mean, hmhvg, hmhvg-rank, hmhvg-variance, found median',
    ],
    [{ method: 'hvg', count: 0 }, 'a whole count of 1 or more, found 0'],
    [{ method: 'hvg', count: 1, minSpotFraction: 10 }, 'minSpotFraction from 0 to 1, found 10'],
    [{ method: 'hvg', count: 1, pool: 5 }, 'a pool only with hmhvg or hmhvg-variance, found hvg'],
    [{ method: 'hmhvg', count: 8, pool: 5 }, 'a whole pool of at least count = 8, found 5'],
  ])('refuses %o', (options, message) => {
    const call = () => selectGenes(small, options as Parameters<typeof selectGenes>[1]);
    expect(call).toThrow(UsageError);
    expectMessage(call, `selectGenes: needed ${message}`);
  });
  it('refuses no sections', () => {
    expectMessage(
      () => selectGenes([], { method: 'hvg', count: 1 }),
      'selectGenes: needed at least one training section, found none',
    );
  });
  it('checks a given list in every section', () => {
    expect(requireGenes(small, ['B'])).toEqual({ genes: ['B'], candidates: ['B'] });
    expectMessage(
      () => requireGenes(small, ['B', 'A', 'X']),
      'requireGenes: needed genes that every section measured, found 1 of 3 unknown in section P ("X"); ' +
        'use the names that the counts use',
    );
    expectMessage(() => requireGenes(small, []), 'requireGenes: needed gene names, found an empty gene list');
    expectMessage(
      () => requireGenes(small, ['B', 'B']),
      'requireGenes: needed each gene once, found "B" more than once',
    );
  });
});

describe('readGeneList', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gene-list-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const write = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };

  it.each([
    ['hest.json', '{"genes": ["TP53", "ERBB2"]}'],
    ['list.json', '["TP53", " ERBB2 "]'],
    ['list.txt', '# panel\r\nTP53\r\n\r\n ERBB2\r\n'],
  ])('reads %s', async (name, text) => {
    expect(await readGeneList(await write(name, text))).toEqual(['TP53', 'ERBB2']);
  });

  it.each([
    ['empty.json', '{"genes": []}', 'gene names, found an empty gene list in PATH'],
    ['empty.txt', '# nothing\n', 'gene names, found an empty gene list in PATH'],
    ['twice.txt', 'A\nB\nA\n', 'each gene once, found "A" more than once in PATH'],
    [
      'row.txt',
      'A,B,C\n',
      'one gene name per line, found "A,B,C" in PATH; put each name on a line of its own',
    ],
    [
      'broken.json',
      '{"genes": [',
      'a list of gene names, or {"genes": [...]}, found text that is no JSON in PATH',
    ],
    [
      'other.json',
      '{"gene": ["A"]}',
      'a list of gene names, or {"genes": [...]}, found PATH with a problem at its top (Invalid input)',
    ],
  ])('refuses %s', async (name, text, message) => {
    const path = await write(name, text);
    const error = await readGeneList(path).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DataError);
    expect((error as Error).message).toBe(`readGeneList: needed ${message.replace('PATH', path)}`);
  });

  it('says when the file is not there', async () => {
    const path = join(folder, 'none.txt');
    const error = await readGeneList(path).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toBe(
      `readGeneList: needed a file of gene names, found nothing at ${path}; check the path`,
    );
  });
});
