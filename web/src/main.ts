/** Starts the page, and opens what its address names. */
import type { Catalogue } from '../../src/contract/index.ts';
import { api, sentenceOf } from './api.ts';
import { showError, showNote } from './dom/announce.ts';
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
/** Dropped tables that name no slide, with the slide they were dropped on. */
const placedByHand = new Map<string, string[]>();

function openPage(route: Route, catalogue: Catalogue): Page | Promise<Page> {
  if (route.page === 'run') return openRun(root, catalogue, route.id);
  if (route.page === 'slide') {
    return openViewer(root, catalogue, { ...route, extraTables: placedByHand.get(route.id) ?? [] });
  }
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

startTheme();
acceptDrops(
  async (table) => {
    const route = parseRoute(location.hash);
    const here = route.page === 'slide' ? route.id : null;
    const slideId = table.slideId ?? here;
    if (slideId === null) {
      await open();
      return showNote(`${table.name} belongs to no slide of this folder; open a slide and drop it there.`);
    }
    if (table.slideId === null) placedByHand.set(slideId, [...(placedByHand.get(slideId) ?? []), table.id]);
    if (slideId === here && page?.addTable !== undefined) return page.addTable(table.id).catch(showError);
    const source = sourceOf(table.kind);
    const choice = { ...DEFAULT_CHOICE, source, [`${source}Id`]: table.id };
    location.hash = formatRoute({ page: 'slide', id: slideId, choice });
  },
  async (run) => {
    location.hash = formatRoute({ page: 'run', id: run.id });
  },
);
window.addEventListener('hashchange', () => void open());
void open();
