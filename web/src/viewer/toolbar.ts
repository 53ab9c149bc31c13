/** The bar above the slide: gene, and what is shown. */
import { button, element, fill } from '../dom/element.ts';
import type { PaneCount, Source } from '../router.ts';
import type { ViewerContext } from './context.ts';
import type { GeneSearch } from './gene-search.ts';
import { availableSources, SOURCE_TITLES } from './sources.ts';

function segments(label: string): HTMLElement {
  return element('div', { class: 'segments', attributes: { role: 'group', 'aria-label': label } });
}

export interface Steps {
  readonly previous: () => void;
  readonly next: () => void;
}

/** Buttons for what one pane shows, and for linked panes. */
function sourceButtons(context: ViewerContext): HTMLElement {
  const { store } = context;
  const box = segments('What is shown');
  const show = () => {
    const available = availableSources(context.chosen());
    const linked = available.filter((source) => source !== 'other').length;
    const { panes, source } = store.get();
    const single = source !== null && available.includes(source) ? source : available[0];
    const one = (name: Source) =>
      button(SOURCE_TITLES[name], () => store.set({ panes: 1, source: name }), {
        attributes: { 'aria-pressed': String(panes === 1 && name === single) },
      });
    const many = (count: PaneCount, label: string) =>
      button(label, () => store.set({ panes: count }), {
        attributes: { 'aria-pressed': String(panes === count), title: `${count} linked panes` },
      });
    fill(
      box,
      ...available.map(one),
      linked > 1 && many(2, 'Side by side'),
      linked > 2 && many(3, 'All three'),
    );
    box.hidden = available.length < 2;
  };
  store.subscribe((now, before) => {
    const keys = ['panes', 'source', 'tablesVersion'] as const;
    if (keys.some((key) => now[key] !== before[key])) show();
  });
  show();
  return box;
}

export function createToolbar(context: ViewerContext, search: GeneSearch, steps: Steps): HTMLElement {
  return element(
    'div',
    { class: 'toolbar', attributes: { role: 'toolbar', 'aria-label': 'Viewer' } },
    element(
      'div',
      { class: 'gene-steps' },
      button('\u2039', steps.previous, {
        attributes: { 'aria-label': 'Previous gene', title: 'Previous gene ([)' },
      }),
      search.root,
      button('\u203a', steps.next, { attributes: { 'aria-label': 'Next gene', title: 'Next gene (])' } }),
    ),
    sourceButtons(context),
  );
}
