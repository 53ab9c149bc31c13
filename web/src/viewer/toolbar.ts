/** The bar above the slide: gene, and what is shown. */
import { button, element, fill } from '../dom/element.ts';
import type { PaneCount, Source } from '../router.ts';
import type { ViewerContext } from './context.ts';
import type { GeneSearch } from './gene-search.ts';
import { availableSources, paneSources, SOURCE_TITLES } from './sources.ts';

export interface Steps {
  readonly previous: () => void;
  readonly next: () => void;
}

/** One button: the panes it asks for, and the source when it is one pane. */
interface Choice {
  readonly label: string;
  readonly panes: PaneCount;
  readonly source?: Source;
}

function choicesOf(available: readonly Source[]): Choice[] {
  const linked = available.filter((source) => source !== 'other').length;
  return [
    ...available.map((source): Choice => ({ label: SOURCE_TITLES[source], panes: 1, source })),
    ...(linked > 1 ? [{ label: 'Side by side', panes: 2 } as const] : []),
    ...(linked > 2 ? [{ label: 'All three', panes: 3 } as const] : []),
  ];
}

/** Buttons for what one pane shows, and for linked panes. They are made anew only when the slide gets a table. */
function sourceButtons({ store, chosen }: ViewerContext): HTMLElement {
  const box = element('div', {
    class: 'segments',
    attributes: { role: 'group', 'aria-label': 'What is shown' },
  });
  let buttons: (readonly [Choice, HTMLButtonElement])[] = [];
  const mark = () => {
    const { panes, source } = store.get();
    const single = paneSources(availableSources(chosen()), 1, source)[0];
    for (const [choice, made] of buttons) {
      const pressed = choice.panes === panes && (panes > 1 || choice.source === single);
      made.setAttribute('aria-pressed', String(pressed));
      if (pressed) box.scrollLeft = made.offsetLeft - box.offsetLeft - 40;
    }
  };
  const build = () => {
    buttons = choicesOf(availableSources(chosen())).map((choice) => {
      const { label, panes, source } = choice;
      return [choice, button(label, () => store.set({ panes, ...(source === undefined ? {} : { source }) }))];
    });
    fill(box, ...buttons.map(([, made]) => made));
    box.hidden = buttons.length < 2;
    mark();
    // On narrow screens the marked button is scrolled into sight, once the bar is in the page.
    requestAnimationFrame(mark);
  };
  store.subscribe((now, before) => {
    if (now.tablesVersion !== before.tablesVersion) build();
    else if (now.panes !== before.panes || now.source !== before.source) mark();
  });
  build();
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
