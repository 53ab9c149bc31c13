/** What the served folder holds. */
import type { Catalogue } from '../../../src/contract/index.ts';
import { announce } from '../dom/announce.ts';
import { button, element, fill } from '../dom/element.ts';
import { toggleTheme } from '../dom/theme.ts';
import { counted } from '../numbers/format.ts';
import type { Page } from '../page.ts';
import { matching } from './filter.ts';
import { headRow, problemRow, runRow, tableRow } from './lists.ts';
import { slideCard } from './slide-cards.ts';

function part(title: string, count: number, list: HTMLElement): HTMLElement | null {
  if (count === 0) return null;
  return element(
    'section',
    {},
    element('h2', {}, title, element('span', { class: 'number' }, String(count))),
    list,
  );
}

function results(catalogue: Catalogue, query: string): (HTMLElement | null)[] {
  const slides = matching(catalogue.slides, query);
  const tables = matching(catalogue.tables, query);
  const runs = matching(catalogue.runs, query);
  const heads = matching(catalogue.heads, query);
  const list = (rows: HTMLElement[]) => element('ul', { class: 'entries' }, ...rows);
  const cards = element('div', { class: 'cards' }, ...slides.map((slide) => slideCard(slide, catalogue)));
  const found = slides.length + tables.length + runs.length + heads.length;
  if (query !== '') announce(counted(found, 'match', 'matches'));
  return [
    found === 0
      ? element('p', { class: 'nothing' }, query === '' ? EMPTY : `Nothing here is named "${query}".`)
      : null,
    part('Slides', slides.length, cards),
    part('Runs', runs.length, list(runs.map(runRow))),
    part('Tables', tables.length, list(tables.map(tableRow))),
    part('Heads', heads.length, list(heads.map(headRow))),
    query === ''
      ? part('Could not be read', catalogue.problems.length, list(catalogue.problems.map(problemRow)))
      : null,
  ];
}

const EMPTY =
  'There is nothing to show in this folder yet. Drop an .h5ad, .csv or result.json file here, or serve a folder with slides.';

export function openStart(root: HTMLElement, catalogue: Catalogue): Page {
  const body = element('main', { class: 'start-body' });
  const search = element('input', {
    attributes: { type: 'search', placeholder: 'Search names and paths', 'aria-label': 'Search this folder' },
  });
  const show = () => fill(body, ...results(catalogue, search.value.trim()));
  search.addEventListener('input', show);
  const keys = (event: KeyboardEvent) => {
    if (event.key !== '/' || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    search.focus();
  };
  document.addEventListener('keydown', keys);
  show();
  fill(
    root,
    element(
      'div',
      { class: 'start' },
      element(
        'header',
        { class: 'start-top' },
        element('h1', {}, catalogue.folder),
        search,
        button('\u25d0', toggleTheme, { class: 'quiet', attributes: { 'aria-label': 'Dark or light' } }),
      ),
      body,
      element(
        'footer',
        {},
        'Drop an .h5ad, .csv or result.json file anywhere to open it. Nothing leaves this machine.',
      ),
    ),
  );
  document.title = `${catalogue.folder} - MV_Hybrid viewer`;
  return { dispose: () => document.removeEventListener('keydown', keys) };
}
