/** Keeps the panes in step with what is chosen. */
import { sentenceOf } from '../api.ts';
import { type ColourMapName, colourTable, DIVERGING_MAP } from '../colour/colour-maps.ts';
import { jointRange, percentileRange, symmetricRange, type ValueRange } from '../colour/range.ts';
import { announce, showError } from '../dom/announce.ts';
import type { Geometry } from '../overlay/layer.ts';
import type { ViewerState } from './choice-state.ts';
import { contentsOf, type Shown, type ViewerContext } from './context.ts';
import { loadPane, NoValues, type PaneContent } from './pane-content.ts';
import type { TableData } from './slide-data.ts';
import { availableSources, paneSources, SOURCE_TITLES } from './sources.ts';

const CONTENT_KEYS = [
  'gene',
  'panes',
  'source',
  'measuredId',
  'predictedId',
  'otherId',
  'tablesVersion',
] as const;
const LAYER_KEYS = ['map', 'percentiles', 'sharedRange', 'spotsShown', 'selection'] as const;

function changed(now: ViewerState, before: ViewerState, keys: readonly (keyof ViewerState)[]): boolean {
  return keys.some((key) => !Object.is(now[key], before[key]));
}

const NO_TABLE = 'No table lies on this slide: predict below, or drop an .h5ad or .csv file here.';

function geometryOf({ detail, positions, index }: TableData): Geometry {
  return { positions, index, shape: detail.shape, sizePx: detail.sizePx };
}

/** Range of colours of each content: one for all values of a kind when it is shared. */
export function rangesOf(contents: readonly PaneContent[], state: ViewerState): ValueRange[] {
  const own = contents.map(({ source, values }) =>
    source === 'difference'
      ? symmetricRange(values, state.percentiles)
      : percentileRange(values, state.percentiles),
  );
  if (!state.sharedRange) return own;
  const joint = jointRange(own.filter((_, i) => contents[i]!.source !== 'difference'));
  return own.map((range, i) => (contents[i]!.source === 'difference' ? range : joint));
}

export class Display {
  #shown: readonly Shown[] = [];
  #round = 0;
  readonly #listeners = new Set<() => void>();
  readonly #unsubscribe: () => void;
  readonly context: ViewerContext;

  constructor(context: ViewerContext) {
    this.context = context;
    this.#unsubscribe = context.store.subscribe((now, before) => {
      if (changed(now, before, CONTENT_KEYS)) void this.load();
      else if (changed(now, before, LAYER_KEYS)) void this.#applyLayers();
      if (changed(now, before, ['opacity', 'spotScale'])) this.#applyOptions();
      if (changed(now, before, ['tissueShown'])) void this.#applyTissue();
      if (changed(now, before, ['gridShown', 'otherId', 'tablesVersion'])) void this.#applyGrid();
      if (changed(now, before, ['selection', 'region'])) this.#applyRegions();
    });
  }

  get shown(): readonly Shown[] {
    return this.#shown;
  }

  /** Calls the listener after each change of what is shown, until the returned function is called. */
  onShown(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Makes the panes, asks for their numbers and draws them; a later call wins over an earlier one. */
  async load(): Promise<void> {
    const round = ++this.#round;
    const { slide, store, group } = this.context;
    const { gene, panes, source } = store.get();
    const chosen = this.context.chosen();
    const sources = paneSources(availableSources(chosen), panes, source);
    group.setCount(Math.max(1, sources.length));
    const shown = await Promise.all(
      sources.map(async (name): Promise<Shown> => {
        if (gene === null) return 'Pick a gene to colour the spots.';
        try {
          return await loadPane(slide, chosen, name, gene);
        } catch (error) {
          if (!(error instanceof NoValues)) showError(error);
          return sentenceOf(error);
        }
      }),
    );
    if (round !== this.#round) return;
    this.#shown = shown;
    await this.#applyLayers();
    this.#applyOptions();
    this.#applyRegions();
    void this.#applyTissue();
    void this.#applyGrid();
    for (const listener of [...this.#listeners]) listener();
    const titles = sources.map((name) => SOURCE_TITLES[name].toLowerCase());
    if (gene !== null && sources.length > 0) announce(`${gene}, ${titles.join(' and ')}`);
  }

  dispose(): void {
    this.#round++;
    this.#unsubscribe();
  }

  async #applyLayers(): Promise<void> {
    const round = this.#round;
    const { store, group } = this.context;
    const state = store.get();
    const shown = this.#shown;
    const contents = contentsOf(shown);
    const masks = await Promise.all(contents.map(({ table }) => this.context.maskOf(table)));
    if (round !== this.#round || state.selection !== store.get().selection) return;
    const ranges = rangesOf(contents, store.get());
    group.panes.forEach((pane, i) => {
      const item = shown[i];
      pane.setEmpty(typeof item === 'string' ? item : item === undefined ? NO_TABLE : '');
      if (item === undefined || typeof item === 'string') {
        pane.setLayer(null);
        pane.legend.set(null);
        return;
      }
      const place = contents.indexOf(item);
      const range = ranges[place]!;
      const map: ColourMapName = item.source === 'difference' ? DIVERGING_MAP : state.map;
      const { title, unit, note } = item;
      pane.legend.set({ title, name: state.gene ?? '', unit, note, map, range });
      pane.setLayer(
        state.spotsShown
          ? {
              ...geometryOf(item.table),
              values: item.values,
              ...range,
              colours: colourTable(map),
              mask: masks[place]!,
            }
          : null,
      );
    });
  }

  #applyOptions(): void {
    const { opacity, spotScale } = this.context.store.get();
    for (const pane of this.context.group.panes) pane.setOptions({ opacity, spotScale });
  }

  #applyRegions(): void {
    const { selection, region } = this.context.store.get();
    const polygon = selection?.kind === 'region' ? selection.polygon : null;
    for (const pane of this.context.group.panes) pane.setAnnotations({ selection: polygon, region });
  }

  async #applyTissue(): Promise<void> {
    const { slide, store, group } = this.context;
    let tissue = null;
    try {
      if (store.get().tissueShown) tissue = await slide.tissue();
    } catch (error) {
      showError(error);
      store.set({ tissueShown: false });
    }
    for (const pane of group.panes) pane.setAnnotations({ tissue: store.get().tissueShown ? tissue : null });
  }

  async #applyGrid(): Promise<void> {
    const { slide, store, group } = this.context;
    const { grid: patches, predicted, measured } = this.context.chosen();
    const detail = patches ?? predicted ?? measured;
    let grid: Geometry | null = null;
    try {
      if (store.get().gridShown && detail !== null) {
        grid = { ...geometryOf(await slide.table(detail.id)), shape: detail.shape };
      }
    } catch (error) {
      showError(error);
    }
    for (const pane of group.panes) pane.setGrid(store.get().gridShown ? grid : null);
  }
}
