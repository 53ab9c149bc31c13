/** Puts the parts of an open slide together. */
import { formatRoute, type ViewChoice } from '../router.ts';
import { createStore } from '../state.ts';
import { startState, type ViewerState } from './choice-state.ts';
import type { ViewerContext } from './context.ts';
import { Display } from './display.ts';
import { PaneGroup } from './pane-group.ts';
import { attachRegionTool } from './region-tool.ts';
import { maskFor } from './selection.ts';
import type { SlideData } from './slide-data.ts';
import { chosenTables, sourceOf } from './sources.ts';

/** Keeps the page's address a link to what is seen. */
function keepAddress({ store, group, slide }: ViewerContext): void {
  const { gene, panes, source, map, percentiles, measuredId, predictedId, otherId } = store.get();
  const choice = {
    gene,
    panes,
    source,
    map,
    percentiles,
    measuredId,
    predictedId,
    otherId,
    place: group.place,
  };
  const address = formatRoute({ page: 'slide', id: slide.detail.id, choice });
  // Browsers limit how often an address may change; sliders change the state many times a second.
  if (address !== location.hash) history.replaceState(history.state, '', address);
}

/** A new table becomes the one that is shown. */
async function addTable(context: ViewerContext, id: string) {
  const detail = await context.slide.addTable(id);
  const { kind, genes, columns } = detail;
  const source = sourceOf(kind);
  const { gene, tablesVersion } = context.store.get();
  const known = gene !== null && (genes.includes(gene) || columns.includes(gene));
  context.store.set({
    [`${source}Id`]: id,
    source,
    gene: known ? gene : (genes[0] ?? columns[0] ?? gene),
    tablesVersion: tablesVersion + 1,
  });
  return detail;
}

export interface OpenContext {
  readonly context: ViewerContext;
  readonly display: Display;
}

export function createContext(slide: SlideData, choice: ViewChoice): OpenContext {
  const store = createStore<ViewerState>(startState(choice));
  const group = new PaneGroup(slide.detail, choice.place);
  const context: ViewerContext = {
    slide,
    store,
    group,
    shown: () => display.shown,
    onShown: (listener) => display.onShown(listener),
    chosen: () => chosenTables(slide.tables, store.get()),
    maskOf: (table) => maskFor(slide, store.get().selection, table),
    addTable: (id) => addTable(context, id),
  };
  const display = new Display(context);
  group.onPane((pane) =>
    attachRegionTool(
      pane,
      () => store.get().tool,
      (draft) => pane.setAnnotations({ draft }),
      (polygon) => {
        if (store.get().tool === 'region') store.set({ region: polygon, tool: 'move' });
        else store.set({ selection: { kind: 'region', polygon }, tool: 'move' });
      },
    ),
  );
  group.onSettled(() => keepAddress(context));
  store.subscribe((now, before) => {
    if (now.hover === before.hover) keepAddress(context);
  });
  return { context, display };
}
