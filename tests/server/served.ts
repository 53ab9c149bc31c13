/** A folder with one of everything that the server shows, and requests to a server of it. */
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, expect } from 'vitest';
import type { Catalogue, SlideEntry, TableEntry } from '../../src/contract/index.ts';
import { Rng } from '../../src/core/rng.ts';
import { type ExpressionHead, writeExpressionHead } from '../../src/eval/index.ts';
import {
  benchmarkCohort,
  predictSection,
  predictSlide,
  writeCohortBenchmark,
  writeReport,
} from '../../src/pipeline/index.ts';
import { createServerApp, type ServerApp, type ServerOptions } from '../../src/server/index.ts';
import { tileSlide } from '../../src/slide/index.ts';
import { readCohort } from '../../src/spatial/index.ts';
import { writeSyntheticCohort, writeSyntheticSlide } from '../../src/synthetic/index.ts';
import { buildWorker } from '../data/built-worker.ts';

const BACKBONE = { width: 64, depth: 2, heads: 1 };
export const GENES = ['ERBB2', 'CD74', 'KRT8', 'COL1A1'];

/** A head with drawn weights on a small encoder with seeded weights. */
export function smallHead(): ExpressionHead {
  const rng = new Rng(4);
  const inputs = 2 * BACKBONE.width;
  const draw = (count: number) => Float64Array.from({ length: count }, () => rng.normal(0, 0.1));
  const probe = {
    inputs,
    targets: GENES.length,
    weights: draw(inputs * GENES.length),
    intercept: draw(GENES.length),
    alpha: 1,
  };
  const card = {
    backbone: 'mv-hybrid',
    backboneOptions: JSON.stringify(BACKBONE),
    weights: 'random initialisation, seed 5',
    features: 'cls+mean',
    patchUm: '112',
    sizePx: '32',
    batch: '8',
    transform: 'ln(1 + count)',
  };
  return { genes: GENES, probe, card };
}

/** Cohort of two sections, a slide, a head: what is quick to write. */
export async function writeSmallFolder(folder: string): Promise<void> {
  await mkdir(join(folder, 'slides'), { recursive: true });
  await writeSyntheticSlide(join(folder, 'slides/a.svs'), { seed: 3, widthPx: 2000, heightPx: 1500 });
  const cohort = { seed: 5, studies: 2, patientsPerStudy: 1, spotsPerSection: 24 };
  await writeSyntheticCohort(join(folder, 'cohort'), cohort);
  await writeExpressionHead(join(folder, 'model/head.safetensors'), smallHead());
}

/** Results of the commands beside them: predictions, patches, a benchmark with its embeddings. */
export async function writeResults(folder: string): Promise<void> {
  const at = (name: string) => join(folder, name);
  const { sections } = await readCohort(at('cohort'));
  await tileSlide(at('slides/a.svs'), { outFolder: at('tiles'), patchUm: 112, patchPx: 224, minFocus: 20 });
  const patches = { grid: 'slide' as const };
  await predictSlide(smallHead(), at('slides/a.svs'), {
    folder: at('on-slide'),
    mapGenes: ['CD74'],
    patches,
  });
  const drawn = { mapGenes: [], spotUm: 100, compare: false };
  await predictSection(smallHead(), sections[1]!, { folder: at('at-spots'), ...drawn });
  const encoder = {
    backbone: 'mv-hybrid',
    options: BACKBONE,
    randomInit: 5,
    features: 'cls+mean',
    patchUm: 112,
    sizePx: 32,
    batch: 8,
  } as const;
  const { result, values } = await benchmarkCohort(sections, at('benchmark'), encoder, {
    targets: { genes: { method: 'hvg', count: 12 } },
    probe: { alpha: 'hest', intercept: true },
    components: undefined,
    undefinedAs: 'skip',
    folds: 2,
    splitSeed: 1,
    splits: ['random-spots', 'study'],
  });
  await writeCohortBenchmark(at('benchmark'), result, values);
  await writeReport(at('benchmark'));
}

export type Answer = LightMyRequestResponse;

export interface Served {
  readonly server: ServerApp;
  /** A request as the browser sends it. */
  ask(request: string | InjectOptions): Promise<Answer>;
  /** JSON of an answer with status 200. */
  json<T>(request: string | InjectOptions): Promise<T>;
  /** Float32 numbers of an answer with status 200. */
  numbers(url: string): Promise<Float32Array>;
  catalogue(): Promise<Catalogue>;
  slide(name: string): Promise<SlideEntry>;
  /** The table at a path. */
  table(path: string): Promise<TableEntry>;
}

/** A server of a folder for the tests of a file; call at its top. */
export function serve(
  folder: () => string,
  prepare: () => Promise<void>,
  options: Partial<ServerOptions> = {},
): Served {
  let server: ServerApp;
  beforeAll(async () => {
    await buildWorker();
    await mkdir(dirname(folder()), { recursive: true });
    await prepare();
    server = await createServerApp({ folder: folder(), threads: 1, ...options });
  }, 600_000);
  afterAll(() => server?.app.close());
  const ask = (request: string | InjectOptions) => {
    const { headers, ...rest } = typeof request === 'string' ? { url: request, headers: {} } : request;
    return server.app.inject({ ...rest, headers: { host: 'localhost:8000', ...headers } });
  };
  const good = async (request: string | InjectOptions) => {
    const answer = await ask(request);
    expect(answer.statusCode, answer.body.slice(0, 300)).toBeLessThan(300);
    return answer;
  };
  const catalogue = async () => (await good('/api/catalogue')).json<Catalogue>();
  const one = <T>(list: readonly T[], isIt: (item: T) => boolean): T => {
    const found = list.filter(isIt);
    expect(found).toHaveLength(1);
    return found[0]!;
  };
  return {
    get server() {
      return server;
    },
    ask,
    json: async <T>(request: string | InjectOptions) => (await good(request)).json<T>(),
    async numbers(url) {
      const { rawPayload } = await good(url);
      return new Float32Array(Uint8Array.from(rawPayload).buffer);
    },
    catalogue,
    slide: async (name) => one((await catalogue()).slides, (slide) => slide.name === name),
    table: async (path) => one((await catalogue()).tables, (table) => table.path === path),
  };
}
