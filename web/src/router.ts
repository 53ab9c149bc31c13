/** Addresses of the page: `#/`, `#/run/<id>` and `#/slide/<id>?gene=...`; a link restores what was seen. */
import { SEQUENTIAL_MAPS, type SequentialMap } from './colour/colour-maps.ts';
import { DEFAULT_PERCENTILES, type Percentiles } from './colour/range.ts';

/** What a pane shows. `other` is a table of patches or embeddings. */
export const SOURCES = ['measured', 'predicted', 'difference', 'other'] as const;
export type Source = (typeof SOURCES)[number];
export type PaneCount = 1 | 2 | 3;

/** Centre in level-0 pixels, and CSS pixels per level-0 pixel. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

/** What a link to the viewer holds. */
export interface ViewChoice {
  /** Gene or column. */
  readonly gene: string | null;
  readonly panes: PaneCount;
  /** Shown when there is one pane. */
  readonly source: Source | null;
  readonly map: SequentialMap;
  readonly percentiles: Percentiles;
  readonly measuredId: string | null;
  readonly predictedId: string | null;
  readonly otherId: string | null;
  readonly place: Place | null;
}

export type Route =
  | { readonly page: 'start' }
  | { readonly page: 'run'; readonly id: string }
  | { readonly page: 'slide'; readonly id: string; readonly choice: ViewChoice };

export const DEFAULT_CHOICE: ViewChoice = {
  gene: null,
  panes: 1,
  source: null,
  map: 'viridis',
  percentiles: DEFAULT_PERCENTILES,
  measuredId: null,
  predictedId: null,
  otherId: null,
  place: null,
};

function oneOf<T>(text: string | null, allowed: readonly T[]): T | null {
  return allowed.find((value) => String(value) === text) ?? null;
}

function numbersOf(text: string | null, count: number): number[] | null {
  const numbers = text?.split(',').map(Number) ?? [];
  return numbers.length === count && numbers.every(Number.isFinite) ? numbers : null;
}

function choiceOf(query: URLSearchParams): ViewChoice {
  const place = numbersOf(query.get('at'), 3);
  const range = numbersOf(query.get('range'), 2);
  return {
    gene: query.get('gene'),
    panes: oneOf(query.get('panes'), [1, 2, 3] as const) ?? 1,
    source: oneOf(query.get('show'), SOURCES),
    map: oneOf(query.get('map'), SEQUENTIAL_MAPS) ?? DEFAULT_CHOICE.map,
    percentiles:
      range !== null && range[0]! >= 0 && range[0]! < range[1]! && range[1]! <= 100
        ? { low: range[0]!, high: range[1]! }
        : DEFAULT_PERCENTILES,
    measuredId: query.get('measured'),
    predictedId: query.get('predicted'),
    otherId: query.get('other'),
    place: place !== null && place[2]! > 0 ? { x: place[0]!, y: place[1]!, zoom: place[2]! } : null,
  };
}

/** @param hash with its `#`; anything unknown is the start page */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?', 2);
  const [, page, id] = path.split('/');
  if (page === 'run' && id) return { page: 'run', id: decodeURIComponent(id) };
  if (page === 'slide' && id) {
    return { page: 'slide', id: decodeURIComponent(id), choice: choiceOf(new URLSearchParams(query)) };
  }
  return { page: 'start' };
}

/** The inverse of {@link parseRoute}; what equals the default is left out. */
export function formatRoute(route: Route): string {
  if (route.page === 'start') return '#/';
  if (route.page === 'run') return `#/run/${encodeURIComponent(route.id)}`;
  const { choice } = route;
  const query = new URLSearchParams();
  if (choice.gene !== null) query.set('gene', choice.gene);
  if (choice.panes !== 1) query.set('panes', String(choice.panes));
  if (choice.source !== null) query.set('show', choice.source);
  if (choice.map !== DEFAULT_CHOICE.map) query.set('map', choice.map);
  const { low, high } = choice.percentiles;
  if (low !== DEFAULT_PERCENTILES.low || high !== DEFAULT_PERCENTILES.high)
    query.set('range', `${low},${high}`);
  if (choice.measuredId !== null) query.set('measured', choice.measuredId);
  if (choice.predictedId !== null) query.set('predicted', choice.predictedId);
  if (choice.otherId !== null) query.set('other', choice.otherId);
  const { place } = choice;
  if (place !== null) {
    query.set('at', [place.x.toFixed(1), place.y.toFixed(1), Number(place.zoom.toPrecision(5))].join(','));
  }
  // Commas may stand in a fragment as they are.
  const text = query.toString().replaceAll('%2C', ',');
  return `#/slide/${encodeURIComponent(route.id)}${text === '' ? '' : `?${text}`}`;
}
