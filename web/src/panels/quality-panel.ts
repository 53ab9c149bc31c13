/** What is known on the quality of the slide and its tables. */
import type { MppStatement, TableDetail, TableQuality } from '../../../src/contract/index.ts';
import { api } from '../api.ts';
import { showError } from '../dom/announce.ts';
import { element, fill } from '../dom/element.ts';
import { formatCount, formatNumber, formatShare } from '../numbers/format.ts';
import type { ViewerContext } from '../viewer/context.ts';
import { section } from './section.ts';

/** How often the server is asked for numbers that it is still measuring. */
const ASK_MS = 3000;

function mppRow({ source, mpp, note, chosen }: MppStatement): HTMLTableRowElement {
  const badge = chosen && element('span', { class: 'badge' }, 'used');
  return element(
    'tr',
    { class: chosen ? 'chosen' : '' },
    element('th', { attributes: { scope: 'row' } }, source, badge),
    element('td', {}, mpp === null ? '-' : mpp.toFixed(4)),
    element('td', {}, note),
  );
}

function mppTable(statements: readonly MppStatement[]): HTMLElement {
  if (statements.length === 0)
    return element('p', { class: 'quiet-text' }, 'No source states the pixel size.');
  const head = ['Source', '\u00b5m per px', 'Note'].map((text) =>
    element('th', { attributes: { scope: 'col' } }, text),
  );
  return element(
    'table',
    {},
    element('caption', {}, 'Pixel size'),
    element('thead', {}, element('tr', {}, ...head)),
    element('tbody', {}, ...statements.map(mppRow)),
  );
}

function facts(...pairs: readonly (readonly [string, string])[]): HTMLElement {
  return element(
    'dl',
    { class: 'facts' },
    ...pairs.flatMap(([term, text]) => [element('dt', {}, term), element('dd', {}, text)]),
  );
}

function tableFacts({ overTissue, focus, pending }: TableQuality): HTMLElement {
  const known = (text: string) => (pending === true && text === '-' ? 'being measured ...' : text);
  return facts(
    ['Spots over tissue', known(formatShare(overTissue))],
    ['Focus (median Laplacian variance)', known(formatNumber(focus))],
  );
}

/** The numbers of one table. While the panel is open, asks again until they are all there. */
function tableQuality({ id, name, kind, quality }: TableDetail): { root: HTMLElement; ask(): void } {
  const box = element('div', {}, tableFacts(quality));
  let pending = quality.pending === true;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const askAgain = async () => {
    timer = undefined;
    if (!box.isConnected || !box.checkVisibility()) return;
    const { quality: next } = await api.table(id);
    pending = next.pending === true;
    fill(box, tableFacts(next));
    ask();
  };
  const ask = () => {
    if (pending && timer === undefined) timer = setTimeout(() => void askAgain().catch(showError), ASK_MS);
  };
  return { root: element('div', {}, element('h3', {}, name === kind ? name : `${name}, ${kind}`), box), ask };
}

export function qualityPanel(context: ViewerContext): HTMLElement {
  const { detail } = context.slide;
  const box = element('div', { class: 'stack' });
  let tables: ReturnType<typeof tableQuality>[] = [];
  const made = section(
    'Quality',
    false,
    facts(
      ['Size', `${formatCount(detail.width)} \u00d7 ${formatCount(detail.height)} px`],
      ['Levels', detail.levels.map(({ downsample }) => `1:${Math.round(downsample)}`).join(', ')],
      ['Reader', detail.reader],
    ),
    mppTable(detail.mppSources),
    box,
  );
  const ask = () => {
    if (made.open) for (const table of tables) table.ask();
  };
  const refresh = () => {
    tables = context.slide.tables.map(tableQuality);
    fill(box, ...tables.map(({ root }) => root));
    ask();
  };
  context.store.subscribe((now, before) => {
    if (now.tablesVersion !== before.tablesVersion) refresh();
  });
  made.addEventListener('toggle', ask);
  refresh();
  return made;
}
