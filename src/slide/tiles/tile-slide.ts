/** One slide to coordinate files: the function behind the command line. */
import { open, rm } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { writeAtomically, writeFileAtomically } from '../../core/atomic-file.ts';
import type { MppRow } from '../mpp/mpp-table.ts';
import { openSlide } from '../open-slide.ts';
import { contourArea } from '../tissue/contours.ts';
import type { WholeSlide } from '../whole-slide.ts';
import { coordsAttributes } from './coords-attributes.ts';
import { type CoordsTable, writeCoords } from './coords-file.ts';
import { geojsonText, type PatchClass } from './geojson.ts';
import { overlayPng } from './overlay.ts';
import type { PatchSize } from './patch-size.ts';
import { type PatchCounts, planTiles, type TilePlan } from './plan-tiles.ts';
import { checkTileOptions, type TileOptions } from './tile-options.ts';

/** What `tileSlide` did; also written as `<name>.json`. */
export interface TileSummary {
  readonly slide: string;
  readonly reader: string;
  readonly format: string;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Micrometres per level-0 pixel; null where it is not certain. */
  readonly mpp: number | null;
  readonly mppTable: readonly MppRow[];
  /** `empty`: no tissue or no patch, and no coordinates were written; not an error. */
  readonly status: 'tiled' | 'empty';
  /** Why it is empty; null otherwise. */
  readonly reason: string | null;
  readonly tissue: { readonly origin: string; readonly parts: number; readonly areaMm2: number | null };
  readonly size: PatchSize;
  readonly counts: PatchCounts;
  /** The choices that led here; paths and numbers as given. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Written files. */
  readonly files: {
    readonly coords: string | null;
    readonly geojson: string | null;
    readonly overlay: string | null;
    readonly summary: string;
  };
}

/**
 * Finds tissue on a slide, lays a grid of patches and writes, into `outFolder`:
 * `<name>.h5` (coordinates, CLAM or TRIDENT layout, with the columns `tissue_share`, `ink_share` and, where
 * asked for, `focus`), `<name>.png` (what was kept), `<name>.geojson` (for QuPath, where asked for), and last
 * `<name>.json` (this summary). Each file appears whole or not at all. A slide without tissue gives a summary
 * with status `empty`, a reason and the picture, and no coordinates.
 *
 * @throws UsageError for options that do not fit or a missing file.
 * @throws DataError  if the slide cannot be read, or its pixel size is needed and not certain.
 * @throws the signal's reason if it is aborted.
 */
export async function tileSlide(path: string, options: TileOptions): Promise<TileSummary> {
  checkTileOptions(options);
  options.signal?.throwIfAborted();
  const slide = await openSlide(path, options);
  try {
    const plan = await planTiles(slide, options);
    return await writeResults(slide, plan, options);
  } finally {
    await slide.close();
  }
}

async function writeResults(slide: WholeSlide, plan: TilePlan, options: TileOptions): Promise<TileSummary> {
  const { outFolder, layout = 'clam', geojson = false, overlay = true, signal, onProgress } = options;
  const name = basename(slide.path, extname(slide.path));
  const file = (ending: string) => join(outFolder, `${name}.${ending}`);
  const isEmpty = plan.reason !== undefined;
  const files = {
    coords: isEmpty ? null : file('h5'),
    geojson: geojson ? file('geojson') : null,
    overlay: overlay ? file('png') : null,
    summary: file('json'),
  };
  const classOf = classifier(plan, options);
  const steps: (() => Promise<void>)[] = [];
  if (files.overlay !== null)
    steps.push(async () => writeFileAtomically(file('png'), await overlayPng(slide, plan, classOf)));
  if (files.geojson !== null) steps.push(() => writeGeojson(file('geojson'), plan, classOf));
  // Coordinates of an earlier run would belie the summary.
  if (isEmpty) steps.push(() => rm(file('h5'), { force: true }));
  else {
    const attributes = coordsAttributes(layout, slide, plan.size, { name, folder: outFolder });
    const table: CoordsTable = {
      layout,
      ...plan.size,
      corners: plan.corners,
      attributes,
      columns: columnsOf(plan),
    };
    steps.push(() => writeCoords(file('h5'), table));
  }
  const summary = summaryOf(slide, plan, options, files);
  steps.push(() => writeFileAtomically(file('json'), `${JSON.stringify(summary, null, 2)}\n`));
  for (const [i, step] of steps.entries()) {
    signal?.throwIfAborted();
    await step();
    onProgress?.({ step: 'files', done: i + 1, total: steps.length });
  }
  return summary;
}

function columnsOf({ tissueShare, inkShare, focus }: TilePlan): Map<string, Float32Array> {
  const columns = new Map([
    ['tissue_share', tissueShare],
    ['ink_share', inkShare],
  ]);
  if (focus !== undefined) columns.set('focus', focus);
  return columns;
}

/** Ink weighs more than blur: a patch that is both shows as inked. */
function classifier({ inkShare, focus }: TilePlan, options: TileOptions): (i: number) => PatchClass {
  const { maxInkShare = 0.2, minFocus = 0 } = options;
  return (i) => {
    if (inkShare[i]! > maxInkShare) return 'Ink';
    return focus !== undefined && focus[i]! < minFocus ? 'Blurred' : 'Patch';
  };
}

async function writeGeojson(path: string, plan: TilePlan, classOf: (i: number) => PatchClass): Promise<void> {
  const { corners, size, tissue, tissueShare, inkShare, focus } = plan;
  const measurementsOf = (i: number) => ({
    'tissue share': round(tissueShare[i]!),
    'ink share': round(inkShare[i]!),
    ...(focus === undefined ? {} : { focus: round(focus[i]!) }),
  });
  await writeAtomically(path, async (temporary) => {
    const handle = await open(temporary, 'w');
    try {
      let text = '';
      for (const piece of geojsonText(tissue.parts, {
        corners,
        sidePx: size.sidePx,
        classOf,
        measurementsOf,
      })) {
        text += piece;
        if (text.length < 2 ** 20) continue;
        await handle.writeFile(text);
        text = '';
      }
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
  });
}

function round(value: number): number {
  return Number(value.toPrecision(5));
}

function summaryOf(
  slide: WholeSlide,
  plan: TilePlan,
  options: TileOptions,
  files: TileSummary['files'],
): TileSummary {
  const { signal: _signal, onProgress: _onProgress, ...choices } = options;
  const areaPx = plan.tissue.parts.reduce(
    (sum, { outline, holes }) =>
      sum + contourArea(outline) - holes.reduce((h, hole) => h + contourArea(hole), 0),
    0,
  );
  const { mpp } = slide;
  return {
    slide: slide.path,
    reader: slide.reader,
    format: slide.format,
    widthPx: slide.widthPx,
    heightPx: slide.heightPx,
    mpp: mpp ?? null,
    mppTable: slide.mppTable.rows,
    status: plan.reason === undefined ? 'tiled' : 'empty',
    reason: plan.reason ?? null,
    tissue: {
      origin: plan.tissue.origin,
      parts: plan.tissue.parts.length,
      areaMm2: mpp === undefined ? null : round((areaPx * mpp * mpp) / 1e6),
    },
    size: plan.size,
    counts: plan.counts,
    options: choices,
    files,
  };
}
