/** The page of one slide. */
import type { Catalogue } from '../../../src/contract/index.ts';
import { showError } from '../dom/announce.ts';
import { button, element, fill } from '../dom/element.ts';
import { toggleTheme } from '../dom/theme.ts';
import type { Page } from '../page.ts';
import { displayPanel } from '../panels/display-panel.ts';
import { embeddingPanel } from '../panels/embedding-panel.ts';
import { predictPanel } from '../panels/predict-panel.ts';
import { qualityPanel } from '../panels/quality-panel.ts';
import { scoresPanel } from '../panels/scores-panel.ts';
import { selectionPanel } from '../panels/selection-panel.ts';
import type { ViewChoice } from '../router.ts';
import type { ViewerContext } from './context.ts';
import { createContext } from './create-context.ts';
import { createGeneSearch, type GeneSearch } from './gene-search.ts';
import { showHelp } from './help.ts';
import { HoverReader } from './hover.ts';
import { bindKeys } from './keyboard.ts';
import { SlideData } from './slide-data.ts';
import { searchableNames } from './sources.ts';
import { createStageTools } from './stage-tools.ts';
import { createToolbar, type Steps } from './toolbar.ts';
import { viewerKeys } from './viewer-keys.ts';

/** A gene that every shown table has, so that the first view is not empty. */
function firstGene(context: ViewerContext): string | null {
  const { measured, predicted, other } = context.chosen();
  const common = measured?.genes.find((gene) => predicted === null || predicted.genes.includes(gene));
  return common ?? measured?.genes[0] ?? predicted?.genes[0] ?? other?.columns[0] ?? other?.genes[0] ?? null;
}

function geneSteps({ store, chosen }: ViewerContext): Steps {
  const step = (by: number) => {
    const names = searchableNames(chosen());
    if (names.length === 0) return;
    const at = names.indexOf(store.get().gene ?? '');
    store.set({ gene: names[(at + by + names.length) % names.length]! });
  };
  return { previous: () => step(-1), next: () => step(1) };
}

function geneSearch(context: ViewerContext): GeneSearch {
  const { store } = context;
  let names: readonly string[] = searchableNames(context.chosen());
  context.onShown(() => {
    names = searchableNames(context.chosen());
  });
  const search = createGeneSearch(
    () => names,
    (gene) => store.set({ gene }),
  );
  store.subscribe(({ gene }) => search.setName(gene));
  return search;
}

/** The side panel; on narrow screens a sheet at the bottom. */
function sidePanel(context: ViewerContext) {
  const predict = predictPanel(context);
  const sections = [
    displayPanel(context),
    selectionPanel(context),
    scoresPanel(context),
    embeddingPanel(context),
    qualityPanel(context),
    predict?.root,
  ];
  const body = element('div', { class: 'panel-body' });
  fill(body, ...sections);
  const toggle = () => {
    const open = panel.dataset.open !== 'true';
    panel.dataset.open = String(open);
    handle.setAttribute('aria-expanded', String(open));
  };
  const handle = button('Panel', toggle, { class: 'panel-handle', attributes: { 'aria-expanded': 'true' } });
  const panel = element('aside', { class: 'panel', attributes: { 'aria-label': 'Panel' } }, handle, body);
  panel.dataset.open = 'true';
  if (matchMedia('(max-width: 760px)').matches) toggle();
  return { panel, toggle, dispose: () => predict?.dispose() };
}

function header(slide: SlideData, onTheme: () => void, onHelp: () => void): HTMLElement {
  const { name, path } = slide.detail;
  return element(
    'header',
    { class: 'top' },
    element('a', { class: 'back', attributes: { href: '#/' } }, '\u2039 ', slide.catalogue.folder),
    element('h1', { attributes: { title: path } }, name),
    element(
      'div',
      { class: 'top-actions' },
      button('\u25d0', onTheme, {
        class: 'quiet',
        attributes: { 'aria-label': 'Dark or light', title: 'Dark or light (d)' },
      }),
      button('?', onHelp, { class: 'quiet', attributes: { 'aria-label': 'Keys', title: 'Keys (?)' } }),
    ),
  );
}

/** Opens a slide in `root`. */
export async function openViewer(
  root: HTMLElement,
  catalogue: Catalogue,
  { id, choice }: { readonly id: string; readonly choice: ViewChoice },
): Promise<Page> {
  const slide = await SlideData.open(id, catalogue);
  const { context, display } = createContext(slide, choice);
  const hover = new HoverReader(context);
  context.group.onPane((pane) => hover.attach(pane));
  const steps = geneSteps(context);
  const search = geneSearch(context);
  const side = sidePanel(context);
  const onHelp = () => showHelp(keys.filter(({ what }) => what !== ''));
  const keys = viewerKeys(context, {
    search,
    hover,
    steps,
    onHelp,
    onPanel: side.toggle,
    onTheme: toggleTheme,
  });
  const unbind = bindKeys(keys);
  const stage = element('main', { class: 'stage' }, context.group.root, createStageTools(context));
  context.store.subscribe(({ tool }) => {
    stage.dataset.tool = tool;
  });
  fill(
    root,
    element(
      'div',
      { class: 'viewer' },
      header(slide, toggleTheme, onHelp),
      createToolbar(context, search, steps),
      stage,
      side.panel,
    ),
  );
  document.title = `${slide.detail.name} - MV_Hybrid viewer`;
  const { gene } = context.store.get();
  if (gene === null) context.store.set({ gene: firstGene(context) });
  search.setName(context.store.get().gene);
  if (context.store.get().gene === gene) void display.load().catch(showError);
  return {
    dispose: () => {
      unbind();
      side.dispose();
      hover.dispose();
      display.dispose();
      context.group.dispose();
    },
    addTable: async (table) => {
      await context.addTable(table);
    },
  };
}
