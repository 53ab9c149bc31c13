/** What the keys of the viewer do. */
import { polygonOfBox } from '../geometry/polygon.ts';
import { boxOf } from '../overlay/layer.ts';
import type { ViewerContext } from './context.ts';
import type { GeneSearch } from './gene-search.ts';
import type { HoverReader } from './hover.ts';
import type { KeyBinding } from './keyboard.ts';
import type { Steps } from './toolbar.ts';

interface Parts {
  readonly search: GeneSearch;
  readonly hover: HoverReader;
  readonly steps: Steps;
  readonly onHelp: () => void;
  readonly onPanel: () => void;
  readonly onTheme: () => void;
}

const OPACITIES = [0.3, 0.55, 0.8, 1];

export function viewerKeys(context: ViewerContext, parts: Parts): KeyBinding[] {
  const { store, group } = context;
  const key = (keys: string | string[], what: string, run: () => void, label?: string): KeyBinding => {
    const all = [keys].flat();
    return { keys: all, label: label ?? all[0]!, what, run };
  };
  const nextOpacity = () => {
    const { opacity } = store.get();
    store.set({ opacity: OPACITIES.find((value) => value > opacity + 0.01) ?? OPACITIES[0]! });
  };
  const chooseView = () => {
    const { view } = group.leader ?? {};
    if (view === undefined) return;
    store.set({ selection: { kind: 'region', polygon: polygonOfBox(boxOf(view, 0)) } });
  };
  const goBack = () => {
    if (store.get().tool !== 'move') store.set({ tool: 'move' });
    else store.set({ selection: null, hover: null });
  };
  return [
    key('g', 'search a gene', () => parts.search.input.focus()),
    key('[', 'previous gene', parts.steps.previous),
    key(']', 'next gene', parts.steps.next),
    key('1', 'one pane', () => store.set({ panes: 1 })),
    key('2', 'measured and predicted side by side', () => store.set({ panes: 2 })),
    key('3', 'measured, predicted and their difference', () => store.set({ panes: 3 })),
    key(['+', '='], 'zoom in', group.zoomIn),
    key(['-', '_'], 'zoom out', group.zoomOut, '\u2212'),
    key('0', 'whole slide', () => group.home()),
    key('ArrowLeft', 'move the slide', () => group.panBy(-0.2, 0), '\u2190 \u2191 \u2192 \u2193'),
    key('ArrowRight', '', () => group.panBy(0.2, 0)),
    key('ArrowUp', '', () => group.panBy(0, -0.2)),
    key('ArrowDown', '', () => group.panBy(0, 0.2)),
    key('v', 'read the spot in the middle of the view', () => void parts.hover.readMiddle()),
    key('l', 'lasso', () => store.set({ tool: 'lasso' })),
    key('r', 'rectangle', () => store.set({ tool: 'rectangle' })),
    key('x', 'choose the spots in view', chooseView),
    key('Escape', 'back to moving; again: clear the selection', goBack, 'Esc'),
    key('o', 'opacity of the spots, in steps', nextOpacity),
    key('s', 'spots on or off', () => store.set({ spotsShown: !store.get().spotsShown })),
    key('t', 'tissue outline on or off', () => {
      if (context.slide.detail.tissue) store.set({ tissueShown: !store.get().tissueShown });
    }),
    key('p', 'patch outlines on or off', () => store.set({ gridShown: !store.get().gridShown })),
    key('b', 'side panel on or off', parts.onPanel),
    key('d', 'dark or light', parts.onTheme),
    key('?', 'this list', parts.onHelp),
  ];
}
