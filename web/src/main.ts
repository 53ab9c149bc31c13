/** Starts the page, and opens what its address names. */
import type { Catalogue, TableEntry } from '../../src/contract/index.ts';
import { api, sentenceOf } from './api.ts';
import { showNote } from './dom/announce.ts';
import { button, element, fill } from './dom/element.ts';
import { startTheme } from './dom/theme.ts';
import { acceptDrops } from './drop-files.ts';
import type { Page } from './page.ts';
import { DEFAULT_CHOICE, formatRoute, parseRoute, type Route } from './router.ts';
import { openRun } from './start-page/run-page.ts';
import { openStart } from './start-page/start-page.ts';
import { sourceOf } from './viewer/sources.ts';
import { openViewer } from './viewer/viewer-page.ts';

const root = document.getElementById('app')!;
let page: Page | undefined;
let round = 0;

function openPage(route: Route, catalogue: Catalogue): Page | Promise<Page> {
  if (route.page === 'run') return openRun(root, catalogue, route.id);
  if (route.page === 'slide') return openViewer(root, catalogue, route);
  return openStart(root, catalogue);
}

function showFailure(error: unknown): void {
  fill(
    root,
    element(
      'main',
      { class: 'failure' },
      element('h1', {}, 'This could not be opened'),
      element('p', { attributes: { role: 'alert' } }, sentenceOf(error)),
      element(
        'p',
        { class: 'row' },
        button('Try again', () => void open(), { class: 'primary' }),
        element('a', { attributes: { href: '#/' } }, 'What the folder holds'),
      ),
    ),
  );
}

/** Opens what the address names; a later call wins over an earlier one. */
async function open(): Promise<void> {
  const mine = ++round;
  page?.dispose();
  page = undefined;
  fill(root, element('p', { class: 'loading' }, 'Loading ...'));
  try {
    const catalogue = await api.catalogue();
    if (mine !== round) return;
    const opened = await openPage(parseRoute(location.hash), catalogue);
    if (mine === round) page = opened;
    else opened.dispose();
  } catch (error) {
    if (mine === round) showFailure(error);
  }
}

/** Shows a dropped table: on the slide that is open, on its own, or in the list when it has none. */
async function showTable(table: TableEntry): Promise<void> {
  const { id, slideId, kind, name } = table;
  if (slideId === null) {
    await open();
    return showNote(`${name} belongs to no slide of this folder; open a slide and drop it there.`);
  }
  if (slideId === openSlide() && page?.addTable !== undefined) return page.addTable(id);
  const source = sourceOf(kind);
  const choice = { ...DEFAULT_CHOICE, source, [`${source}Id`]: id };
  location.hash = formatRoute({ page: 'slide', id: slideId, choice });
}

function openSlide(): string | null {
  const route = parseRoute(location.hash);
  return route.page === 'slide' ? route.id : null;
}

startTheme();
acceptDrops({
  slideId: openSlide,
  onTable: showTable,
  onRun: async ({ id }) => {
    location.hash = formatRoute({ page: 'run', id });
  },
});
window.addEventListener('hashchange', () => void open());
void open();
