/** Everything the viewer's parts share: what is chosen, and what is therefore shown. */
import type { Polygon } from '../geometry/polygon.ts';
import { DEFAULT_CHOICE, type ViewChoice } from '../router.ts';
import type { Tool } from './region-tool.ts';

/** Chosen rows: those in a region of the slide, or rows picked in one table (in its embedding). */
export type Selection =
  | { readonly kind: 'region'; readonly polygon: Polygon }
  | { readonly kind: 'rows'; readonly tableId: string; readonly mask: Uint8Array };

/** A row under the pointer. */
export interface Hover {
  readonly tableId: string;
  readonly row: number;
}

export interface ViewerState extends Omit<ViewChoice, 'place'> {
  readonly opacity: number;
  readonly spotScale: number;
  readonly spotsShown: boolean;
  readonly tissueShown: boolean;
  readonly gridShown: boolean;
  /** Measured and predicted have the same range of colours. */
  readonly sharedRange: boolean;
  readonly tool: Tool;
  readonly selection: Selection | null;
  /** Region for a prediction. */
  readonly region: Polygon | null;
  readonly hover: Hover | null;
  /** Grows when a table was added. */
  readonly tablesVersion: number;
}

export function startState(choice: ViewChoice): ViewerState {
  const { place: _place, ...shown } = { ...DEFAULT_CHOICE, ...choice };
  return {
    ...shown,
    opacity: 0.8,
    spotScale: 1,
    spotsShown: true,
    tissueShown: false,
    gridShown: false,
    sharedRange: true,
    tool: 'move',
    selection: null,
    region: null,
    hover: null,
    tablesVersion: 0,
  };
}
