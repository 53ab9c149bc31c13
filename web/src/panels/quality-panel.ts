/** What is known on the quality of the slide and its tables. */
import type { MppStatement } from '../../../src/contract/index.ts';
import { element, fill } from '../dom/element.ts';
import { formatCount, formatNumber, formatShare } from '../numbers/format.ts';
import type { ViewerContext } from '../viewer/context.ts';
import { section } from './section.ts';

function mppRow({ source, mpp, note, chosen }: MppStatement): HTMLTableRowElement {
  return element(
    'tr',
    { class: chosen ? 'chosen' : '' },
    element(
      'th',
      { attributes: { scope: 'row' } },
      source,
      chosen ? element('span', { class: 'badge' }, 'used') : null,
    ),
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

export function qualityPanel(context: ViewerContext): HTMLElement {
  const { detail } = context.slide;
  const tables = element('div', { class: 'stack' });
  const refresh = () =>
    fill(
      tables,
      ...context.slide.tables.map(({ name, kind, quality }) =>
        element(
          'div',
          {},
          element('h3', {}, name === kind ? name : `${name}, ${kind}`),
          facts(
            ['Spots over tissue', formatShare(quality.overTissue)],
            ['Focus (median Laplacian variance)', formatNumber(quality.focus)],
          ),
        ),
      ),
    );
  context.store.subscribe((now, before) => {
    if (now.tablesVersion !== before.tablesVersion) refresh();
  });
  refresh();
  return section(
    'Quality',
    false,
    facts(
      ['Size', `${formatCount(detail.width)} \u00d7 ${formatCount(detail.height)} px`],
      ['Levels', detail.levels.map(({ downsample }) => `1:${Math.round(downsample)}`).join(', ')],
      ['Reader', detail.reader],
    ),
    mppTable(detail.mppSources),
    tables,
  );
}
