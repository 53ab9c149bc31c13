/** The numbers of one pane: rows, a value for each, and what they mean. */
import { counted } from '../numbers/format.ts';
import { correlation, differenceOf } from '../numbers/join.ts';
import type { Source } from '../router.ts';
import type { SlideData, TableData } from './slide-data.ts';
import { type ChosenTables, SOURCE_TITLES } from './sources.ts';

export interface PaneContent {
  readonly source: Source;
  readonly title: string;
  readonly table: TableData;
  /** One per row of the table. */
  readonly values: Float32Array;
  readonly unit: string;
  /** A sentence on how the numbers came about, or empty. */
  readonly note: string;
}

/** Why a pane shows no value although its table is there. */
export class NoValues extends Error {}

/** Loads what a pane shows. @throws NoValues when the table has no such gene. */
export async function loadPane(
  slide: SlideData,
  chosen: ChosenTables,
  source: Source,
  name: string,
): Promise<PaneContent> {
  if (source === 'difference') return loadDifference(slide, chosen, name);
  const detail = chosen[source];
  if (detail === null) throw new NoValues(`There is no ${source} table on this slide.`);
  const table = await slide.table(detail.id);
  const title = source === 'other' ? detail.name : SOURCE_TITLES[source];
  if (!table.names.has(name)) throw new NoValues(`${name} is not in ${detail.name}.`);
  const unit = detail.columns.includes(name) ? '' : detail.unit;
  return { source, title, table, values: await table.values(name), unit, note: '' };
}

const differences = new WeakMap<Float32Array, WeakMap<Float32Array, Float32Array>>();

/** The same array for the same inputs: what did not change is not drawn anew. */
function rememberedDifference(
  measured: Float32Array,
  aligned: Float32Array,
  key: Float32Array,
): Float32Array {
  let inner = differences.get(measured);
  if (inner === undefined) {
    inner = new WeakMap();
    differences.set(measured, inner);
  }
  let made = inner.get(key);
  if (made === undefined) {
    made = differenceOf(measured, aligned);
    inner.set(key, made);
  }
  return made;
}

async function loadDifference(slide: SlideData, chosen: ChosenTables, name: string): Promise<PaneContent> {
  if (chosen.measured === null || chosen.predicted === null) {
    throw new NoValues('A difference needs a measured and a predicted table on this slide.');
  }
  const [measured, predicted] = await Promise.all([
    slide.table(chosen.measured.id),
    slide.table(chosen.predicted.id),
  ]);
  for (const { names, detail } of [measured, predicted]) {
    if (!names.has(name)) throw new NoValues(`${name} is not in ${detail.name}.`);
  }
  const [own, { values: aligned, join }] = await Promise.all([
    measured.values(name),
    measured.valuesFrom(predicted, name),
  ]);
  if (join.matched === 0) throw new NoValues('No measured spot has a predicted patch at its place.');
  const r = correlation(own, aligned);
  const how = join.by === 'position' ? ', matched by position' : '';
  const lost = own.length - join.matched;
  const without = lost > 0 ? `, ${counted(lost, 'spot')} without a partner` : '';
  return {
    source: 'difference',
    title: SOURCE_TITLES.difference,
    table: measured,
    values: rememberedDifference(own, aligned, await predicted.values(name)),
    unit: measured.detail.unit,
    note: `predicted \u2212 measured, Pearson r ${Number.isFinite(r) ? r.toFixed(2) : 'undefined'}${how}${without}`,
  };
}
