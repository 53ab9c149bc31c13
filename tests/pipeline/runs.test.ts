/** Whole runs on a small generated cohort: a full-size encoder on 32 px inputs. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { readExpressionHead } from '../../src/eval/index.ts';
import {
  benchmarkCohort,
  type CohortBenchmarkOptions,
  type EncoderSettings,
  embedSections,
  fitHead,
  predictSection,
  writeCohortBenchmark,
} from '../../src/pipeline/index.ts';
import { readCohort, type Section } from '../../src/spatial/index.ts';
import { writeSyntheticCohort } from '../../src/synthetic/index.ts';
import { tensorCount } from '../../src/tensor/index.ts';

const root = mkdtempSync(join(tmpdir(), 'mvhybrid-runs-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const encoder: EncoderSettings = {
  backbone: 'mv-hybrid',
  randomInit: 3,
  features: 'cls+mean',
  patchUm: 112,
  sizePx: 32,
  batch: 16,
};
const options: CohortBenchmarkOptions = {
  targets: { genes: { method: 'hvg', count: 20 } },
  probe: { alpha: 'hest', intercept: true },
  components: 'auto',
  undefinedAs: 'skip',
  splits: ['study', 'random-spots'],
  folds: 3,
  splitSeed: 0,
};

let sections: readonly Section[];
beforeAll(async () => {
  const folder = join(root, 'cohort');
  await writeSyntheticCohort(folder, { seed: 5, studies: 3, patientsPerStudy: 1, spotsPerSection: 40 });
  sections = (await readCohort(folder)).sections;
}, 60_000);

describe('benchmark of a cohort', () => {
  it('gives the same bytes twice, and the second time from the embeddings that are there', async () => {
    const before = tensorCount();
    const [first, second] = [join(root, 'first'), join(root, 'second')];
    const one = await benchmarkCohort(sections, first, encoder, options);
    await writeCohortBenchmark(first, one.result);
    const two = await benchmarkCohort(sections, second, encoder, options);
    await writeCohortBenchmark(second, two.result);
    for (const name of ['result.json', 'genes.csv']) {
      expect(readFileSync(join(first, name)).equals(readFileSync(join(second, name)))).toBe(true);
    }
    expect(tensorCount()).toBe(before);

    let embedded = 0;
    const again = await benchmarkCohort(sections, first, encoder, {
      ...options,
      embed: { onProgress: () => embedded++ },
    });
    expect(embedded).toBe(0);
    expect(again.result).toEqual(one.result);
  }, 120_000);

  it('scores held-out studies with genes chosen without them', async () => {
    const { result, failures } = await benchmarkCohort(sections, join(root, 'first'), encoder, options);
    expect(failures).toEqual([]);
    const [study, random] = result.splits;
    expect(study!.title).toBe('leave-one-study-out');
    expect(study!.folds.map(({ name }) => name)).toEqual(['study1', 'study2', 'study3']);
    expect(study!.leaks).toEqual([]);
    for (const fold of study!.folds) {
      expect(fold.trainSpots).toBe(80);
      expect(fold.testSections).toHaveLength(1);
      expect(fold.trainSections).not.toContain(fold.testSections[0]);
      // Three seventh of the generated genes follow visible structure, and even random features see some of it.
      expect(fold.scores.pcc).toBeGreaterThan(0.05);
      expect(fold.scores.pccTop).toBeGreaterThan(fold.scores.pcc);
    }
    const genes = study!.folds.map((fold) => fold.genes.join());
    expect(new Set(genes).size).toBeGreaterThan(1);
    expect(random!.leaks.length).toBeGreaterThan(0);
    expect(result.protocol).toMatchObject({
      backbone: 'mv-hybrid',
      weights: 'random initialisation, seed 3',
    });
    expect(result.components).toBe(79);
  }, 60_000);

  it('lists a broken section and goes on with the others', async () => {
    const broken = { ...sections[0]!, id: 'broken', imagePath: join(root, 'absent.jpg') };
    const run = await embedSections([broken, sections[1]!], join(root, 'partly'), encoder);
    expect(run.outcomes.map(({ id }) => id)).toEqual([sections[1]!.id]);
    expect(run.failures.map(({ id }) => id)).toEqual(['broken']);
    expect(String(run.failures[0]!.error)).toContain('absent.jpg');
  }, 60_000);

  it('refuses embeddings made with other settings unless told to replace them', async () => {
    const folder = join(root, 'settings');
    await embedSections([sections[0]!], folder, encoder);
    const unfinished = join(folder, `${sections[0]!.id}.h5.parts`);
    expect(existsSync(unfinished)).toBe(false);
    const other = await embedSections([sections[0]!], folder, { ...encoder, randomInit: 4 });
    expect(other.failures).toHaveLength(1);
    expect(other.failures[0]!.error).toBeInstanceOf(UsageError);
    expect(String(other.failures[0]!.error)).toContain('--overwrite');
    const replaced = await embedSections(
      [sections[0]!],
      folder,
      { ...encoder, randomInit: 4 },
      { overwrite: true },
    );
    expect(replaced.failures).toEqual([]);
  }, 60_000);
});

describe('head and prediction', () => {
  it('are written, read back and predict a section that the head has not seen', async () => {
    const before = tensorCount();
    const path = join(root, 'model', 'head.safetensors');
    const training = sections.slice(0, 2);
    const { head } = await fitHead(training, { path, folder: join(root, 'first') }, encoder, options);
    const read = await readExpressionHead(path);
    expect(read.genes).toEqual(head.genes);
    expect(read.card).toEqual(head.card);
    expect(read.probe).toEqual(head.probe);

    const folder = join(root, 'predicted');
    const gene = head.genes[0]!;
    const made = await predictSection(read, sections[2]!, {
      folder,
      mapGenes: [gene],
      spotUm: 100,
      compare: true,
    });
    const [header, ...rows] = readFileSync(made.table, 'utf8').trimEnd().split('\n');
    expect(header).toBe(['barcode', 'x_px', 'y_px', ...head.genes].join(','));
    expect(rows).toHaveLength(40);
    expect(rows.map((row) => row.split(',')[0])).toEqual(sections[2]!.spots.map(({ barcode }) => barcode));
    expect(rows.flatMap((row) => row.split(',').slice(1).map(Number)).every(Number.isFinite)).toBe(true);
    expect(readFileSync(made.maps[0]!.path).subarray(1, 4).toString()).toBe('PNG');
    expect(tensorCount()).toBe(before);
  }, 60_000);

  it('refuse unknown genes and other weights', async () => {
    const head = await readExpressionHead(join(root, 'model', 'head.safetensors'));
    const predict = (changed: typeof head, genes: string[]) =>
      predictSection(changed, sections[2]!, {
        folder: join(root, 'refused'),
        mapGenes: genes,
        spotUm: 100,
        compare: false,
      });
    await expect(predict(head, ['NOSUCH'])).rejects.toThrow(/found NOSUCH/);
    const card = { ...head.card, weights: 'sha256 0123' };
    await expect(predict({ ...head, card }, [])).rejects.toThrow(/--weights/);
  });
});

describe('bad heads', () => {
  it('are refused with a sentence', async () => {
    const path = join(root, 'noise.safetensors');
    writeFileSync(path, 'not a head');
    await expect(readExpressionHead(path)).rejects.toThrow(/^(read|open|safetensors)/);
    await expect(readExpressionHead(join(root, 'absent'))).rejects.toThrow(UsageError);
    cpSync(new URL('../golden/model/sscan_L1.safetensors', import.meta.url), path);
    await expect(readExpressionHead(path)).rejects.toThrow('mvhybrid fit');
  });
});
