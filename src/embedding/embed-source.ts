/** Runs a backbone over a patch source and leaves an embedding file. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Backbone, embed, type FeatureKind, featureWidth } from '../backbones/index.ts';
import { UsageError } from '../errors.ts';
import { readEmbeddings, writeEmbeddings } from './embedding-file.ts';
import { PartStore } from './part-store.ts';
import type { PatchSource } from './patch-source.ts';

export interface EmbedOptions {
  /** Side of the patches in pixels. */
  readonly sizePx: number;
  readonly features: FeatureKind;
  /** Patches per forward pass. */
  readonly batch: number;
  /** What identifies the weights: a checksum or a seed. */
  readonly weights: string;
  /** Throw away results and unfinished work made with other settings. */
  readonly overwrite?: boolean;
  /** Called after every batch. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface EmbedOutcome {
  readonly path: string;
  readonly rows: number;
  /** Rows that an earlier, interrupted run had finished; all of them when nothing was left to do. */
  readonly resumedRows: number;
}

/** Batches per saved block: a kill costs at most this many. */
const BATCHES_PER_PART = 8;

function settingsOf(backbone: Backbone, source: PatchSource, options: EmbedOptions): Record<string, string> {
  const { name, mean, std } = backbone.card;
  const own = {
    backbone: name,
    weights: options.weights,
    features: options.features,
    batch: String(options.batch),
    mean: mean.join(' '),
    std: std.join(' '),
  };
  const pixels = Object.entries(source.fingerprint).map(([key, value]) => [key, String(value)]);
  return { ...own, ...Object.fromEntries(pixels) };
}

/** Name of the first setting that differs, for a message. */
function changedSetting(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): string {
  const key = Object.keys({ ...before, ...now }).find((name) => before[name] !== now[name]);
  return key === undefined
    ? 'number of patches'
    : `${key} (${before[key] ?? 'none'} then, ${now[key] ?? 'none'} now)`;
}

/** Collects patches into batches; the last one may be smaller. */
async function* batches(
  source: PatchSource,
  from: number,
  size: number,
  bytesEach: number,
): AsyncGenerator<Uint8Array> {
  let batch = new Uint8Array(size * bytesEach);
  let filled = 0;
  for await (const pixels of source.read(from)) {
    batch.set(pixels, filled * bytesEach);
    if (++filled < size) continue;
    yield batch;
    batch = new Uint8Array(size * bytesEach);
    filled = 0;
  }
  if (filled > 0) yield batch.subarray(0, filled * bytesEach);
}

/** Embeds the rows that are missing, saving every few batches. */
async function fill(
  store: PartStore,
  done: number,
  backbone: Backbone,
  source: PatchSource,
  options: EmbedOptions,
): Promise<void> {
  const { sizePx, batch, features } = options;
  const total = source.rows.length;
  let pending: Float32Array[] = [];
  let pendingFrom = done;
  let rows = done;
  const flush = async (): Promise<void> => {
    const values = new Float32Array(pending.reduce((n, part) => n + part.length, 0));
    let at = 0;
    for (const part of pending) {
      values.set(part, at);
      at += part.length;
    }
    await store.save(pendingFrom, values);
    pending = [];
    pendingFrom = rows;
  };
  for await (const rgb of batches(source, done, batch, sizePx * sizePx * 3)) {
    pending.push(embed(backbone, rgb, sizePx, features));
    rows += rgb.length / (sizePx * sizePx * 3);
    options.onProgress?.(rows, total);
    if (pending.length === BATCHES_PER_PART) await flush();
  }
  if (pending.length > 0) await flush();
}

/**
 * Embeds a source into `<folder>/<id>.h5`. A finished file with the same settings is left alone; an interrupted run
 * goes on where it stopped and ends with the bytes of an uninterrupted one.
 *
 * @throws UsageError when the folder holds work made with other settings and `overwrite` is not set.
 */
export async function embedSource(
  backbone: Backbone,
  source: PatchSource,
  folder: string,
  options: EmbedOptions,
): Promise<EmbedOutcome> {
  const path = join(folder, `${source.id}.h5`);
  const settings = settingsOf(backbone, source, options);
  const total = source.rows.length;
  if (existsSync(path) && !options.overwrite) {
    const before = await readEmbeddings(path);
    const same =
      JSON.stringify(before.attributes) === JSON.stringify(settings) && before.rows.length === total;
    if (same) return { path, rows: total, resumedRows: total };
    throw new UsageError('embed', {
      need: `the settings that ${path} was made with`,
      found: `another ${changedSetting(before.attributes, settings)}`,
      next: 'choose another folder, or replace it with --overwrite',
    });
  }
  const width = featureWidth(backbone.card, options.features);
  const rowsPerPart = options.batch * BATCHES_PER_PART;
  const store = await PartStore.open(`${path}.parts`, settings, {
    rowsPerPart,
    width,
    overwrite: options.overwrite ?? false,
  });
  const resumedRows = await store.finishedRows(total);
  if (resumedRows < total) await fill(store, resumedRows, backbone, source, options);
  await writeEmbeddings(path, {
    rows: source.rows,
    values: await store.readAll(total),
    width,
    attributes: settings,
  });
  await store.remove();
  return { path, rows: total, resumedRows };
}
