/** The controls that lie on the slide: what the pointer does, and zoom. */
import { button, element } from '../dom/element.ts';
import type { ViewerContext } from './context.ts';
import type { Tool } from './region-tool.ts';

const TOOLS: readonly (readonly [tool: Tool, label: string, title: string])[] = [
  ['move', 'Move', 'Move the slide (Esc)'],
  ['lasso', 'Lasso', 'Choose spots freehand (l)'],
  ['rectangle', 'Rectangle', 'Choose spots in a rectangle (r)'],
];

function segments(label: string, ...buttons: HTMLElement[]): HTMLElement {
  return element(
    'div',
    { class: 'segments', attributes: { role: 'group', 'aria-label': label } },
    ...buttons,
  );
}

export function createStageTools({ store, group }: ViewerContext): HTMLElement {
  const tools = TOOLS.map(([tool, label, title]) =>
    button(label, () => store.set({ tool }), { attributes: { title } }),
  );
  const show = () => {
    for (const [i, made] of tools.entries()) {
      made.setAttribute('aria-pressed', String(TOOLS[i]![0] === store.get().tool));
    }
  };
  store.subscribe(show);
  show();
  return element(
    'div',
    { class: 'stage-tools' },
    segments('Pointer', ...tools),
    segments(
      'Zoom',
      button('\u2212', group.zoomOut, { attributes: { 'aria-label': 'Zoom out' } }),
      button('+', group.zoomIn, { attributes: { 'aria-label': 'Zoom in' } }),
      button('Fit', () => group.home(), { attributes: { title: 'Whole slide (0)' } }),
    ),
  );
}
