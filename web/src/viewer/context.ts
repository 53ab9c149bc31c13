/** What the viewer hands to its panels. */
import type { TableDetail } from '../../../src/contract/index.ts';
import type { Store } from '../state.ts';
import type { ViewerState } from './choice-state.ts';
import type { PaneContent } from './pane-content.ts';
import type { PaneGroup } from './pane-group.ts';
import type { SlideData, TableData } from './slide-data.ts';
import type { ChosenTables } from './sources.ts';

/** Content of one pane, or the sentence that says why there is none. */
export type Shown = PaneContent | string;

export interface ViewerContext {
  readonly slide: SlideData;
  readonly store: Store<ViewerState>;
  readonly group: PaneGroup;
  /** What the panes show at this moment. */
  readonly shown: () => readonly Shown[];
  /** Calls the listener after `shown` has changed, until the returned function is called. */
  readonly onShown: (listener: () => void) => () => void;
  readonly chosen: () => ChosenTables;
  /** The rows of a table that are chosen, or null when nothing is. */
  readonly maskOf: (table: TableData) => Promise<Uint8Array | null>;
  /** Adds a new table to the slide and shows it. */
  readonly addTable: (id: string) => Promise<TableDetail>;
}

export function contentsOf(shown: readonly Shown[]): PaneContent[] {
  return shown.filter((item) => typeof item !== 'string');
}
