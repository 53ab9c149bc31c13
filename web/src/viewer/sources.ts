/** Which tables a slide's panes can show, and which of them are chosen. */
import type { TableDetail, TableKind } from '../../../src/contract/index.ts';
import { type PaneCount, SOURCES, type Source, type ViewChoice } from '../router.ts';

export const SOURCE_TITLES: Readonly<Record<Source, string>> = {
  measured: 'Measured',
  predicted: 'Predicted',
  difference: 'Difference',
  other: 'Patches',
};

/** Where a table of this kind is shown. */
export function sourceOf(kind: TableKind): 'measured' | 'predicted' | 'other' {
  return kind === 'measured' || kind === 'predicted' ? kind : 'other';
}

const PATCH_KINDS: readonly TableKind[] = ['patches', 'embedding'];

/** An embedding alone has nothing to colour patches by. */
export function hasValues({ genes, columns }: TableDetail): boolean {
  return genes.length + columns.length > 0;
}

type Ids = Pick<ViewChoice, 'measuredId' | 'predictedId' | 'otherId'>;

/** The chosen table of each kind, or the first there is. */
export function chosenTables(tables: readonly TableDetail[], ids: Ids) {
  const pick = (
    kinds: readonly TableKind[],
    id: string | null,
    fits: (table: TableDetail) => boolean = () => true,
  ) => {
    const fitting = tables.filter((table) => kinds.includes(table.kind) && fits(table));
    return fitting.find((table) => table.id === id) ?? fitting[0] ?? null;
  };
  return {
    measured: pick(['measured'], ids.measuredId),
    predicted: pick(['predicted'], ids.predictedId),
    other: pick(PATCH_KINDS, ids.otherId, hasValues),
    /** Outlines can be drawn of patches without any value, too. */
    grid: pick(PATCH_KINDS, ids.otherId),
  };
}

export type ChosenTables = ReturnType<typeof chosenTables>;

/** What can be shown, in the order of the buttons. */
export function availableSources(chosen: ChosenTables): Source[] {
  return SOURCES.filter((source) =>
    source === 'difference' ? chosen.measured !== null && chosen.predicted !== null : chosen[source] !== null,
  );
}

/** What each pane shows. More panes than there are things to show make no sense and are not made. */
export function paneSources(available: readonly Source[], panes: PaneCount, source: Source | null): Source[] {
  const linked = available.filter((name) => name !== 'other');
  if (panes > 1 && linked.length > 1) return linked.slice(0, panes);
  const single = source !== null && available.includes(source) ? source : available[0];
  return single === undefined ? [] : [single];
}

/** Every name that can be searched for: genes first, then the columns of patches. */
export function searchableNames(chosen: ChosenTables): string[] {
  const tables = [chosen.measured, chosen.predicted, chosen.other].filter((table) => table !== null);
  return [...new Set([...tables.flatMap(({ genes }) => genes), ...tables.flatMap(({ columns }) => columns)])];
}
