/** Choosing spots, their statistics, and taking them along. */
import type { ExportFormat } from '../../../src/contract/index.ts';
import { api } from '../api.ts';
import { announce, showError } from '../dom/announce.ts';
import { button, element, fill, labelled, select } from '../dom/element.ts';
import { fileName, saveFile } from '../dom/save-file.ts';
import { counted, formatCount, formatNumber, formatShare } from '../numbers/format.ts';
import { compare, pick, summarise } from '../numbers/summary.ts';
import { contentsOf, type ViewerContext } from '../viewer/context.ts';
import type { PaneContent } from '../viewer/pane-content.ts';
import { pictureOf } from '../viewer/picture.ts';
import { rowsOf } from '../viewer/selection.ts';
import { section } from './section.ts';

function line(label: string, ...values: string[]): HTMLTableRowElement {
  return element(
    'tr',
    {},
    element('th', { attributes: { scope: 'row' } }, label),
    ...values.map((value) => element('td', {}, value)),
  );
}

/** Statistics of one pane's values, chosen rows against the others. */
function statistics({ title, values, unit }: PaneContent, mask: Uint8Array): HTMLElement {
  const inside = pick(values, mask, 1);
  const outside = pick(values, mask, 0);
  const groups = [summarise(inside), summarise(outside)];
  const of = (read: (summary: (typeof groups)[number]) => number) =>
    groups.map((group) => formatNumber(read(group)));
  const { meanDifference, probabilityAbove } = compare(inside, outside);
  return element(
    'div',
    { class: 'statistics' },
    element(
      'table',
      {},
      element('caption', {}, unit === '' ? title : `${title}, ${unit}`),
      element(
        'thead',
        {},
        element(
          'tr',
          {},
          element('td'),
          element('th', { attributes: { scope: 'col' } }, 'inside'),
          element('th', { attributes: { scope: 'col' } }, 'outside'),
        ),
      ),
      element(
        'tbody',
        {},
        line('n', ...groups.map(({ rows, missing }) => String(rows - missing))),
        line('missing', ...groups.map(({ missing }) => String(missing))),
        line('mean', ...of(({ mean }) => mean)),
        line('sd', ...of(({ sd }) => sd)),
        line('lower quartile', ...of(({ quartiles }) => quartiles[0])),
        line('median', ...of(({ quartiles }) => quartiles[1])),
        line('upper quartile', ...of(({ quartiles }) => quartiles[2])),
      ),
    ),
    element(
      'p',
      { class: 'quiet-text' },
      `Mean inside \u2212 outside: ${formatNumber(meanDifference)}. ` +
        `A spot inside is above one outside in ${formatShare(Number.isFinite(probabilityAbove) ? probabilityAbove : null)} of all pairs.`,
    ),
  );
}

/** Saves rows of the leading pane's table through the server. */
async function exportRows(context: ViewerContext, format: ExportFormat, allGenes: boolean): Promise<void> {
  const content = contentsOf(context.shown())[0];
  const { gene } = context.store.get();
  if (content === undefined || gene === null)
    throw new Error('Exporting needs a table with values; pick a gene first.');
  const tables = new Map(contentsOf(context.shown()).map(({ table }) => [table.detail.id, table]));
  for (const table of tables.values()) {
    const mask = await context.maskOf(table);
    if (mask?.every((chosen) => chosen === 0)) {
      throw new Error(
        `The selection holds no spot of ${table.detail.name}; draw around spots, or clear it to export all.`,
      );
    }
    if (!allGenes && !table.names.has(gene)) continue;
    const bytes = await api.exportRows(table.detail.id, {
      format,
      ...(mask === null ? {} : { rows: rowsOf(mask) }),
      ...(allGenes ? {} : { genes: [gene] }),
    });
    saveFile(
      bytes,
      `${fileName(table.detail.name, allGenes ? null : gene, mask === null ? null : 'selection')}.${format}`,
    );
  }
  announce(`Exported ${counted(tables.size, 'table')}`);
}

async function savePicture({ group, slide, store }: ViewerContext): Promise<void> {
  const { gene } = store.get();
  const title = [slide.detail.name, gene].filter((part) => part !== null).join(', ');
  saveFile(await pictureOf(group.panes, title), `${fileName(slide.detail.name, gene)}.png`);
  announce('Saved a picture of the view');
}

function exportControls(context: ViewerContext): HTMLElement {
  let genes = 'shown';
  const which = select(
    [
      ['shown', 'this gene'],
      ['all', 'all genes'],
    ],
    genes,
    (value) => {
      genes = value;
    },
  );
  const guarded = (work: () => Promise<void>) => () => void work().catch(showError);
  const formats = (['csv', 'geojson', 'h5ad'] as const).map((format) =>
    button(
      format === 'csv' ? 'CSV' : format === 'geojson' ? 'GeoJSON' : 'h5ad',
      guarded(() => exportRows(context, format, genes === 'all')),
    ),
  );
  return element(
    'div',
    { class: 'stack' },
    labelled('Export spots (the chosen ones, or all) with', which),
    element(
      'div',
      { class: 'row' },
      ...formats,
      button(
        'PNG',
        guarded(() => savePicture(context)),
      ),
    ),
  );
}

export function selectionPanel(context: ViewerContext): HTMLElement {
  const body = element('div', { class: 'stack', attributes: { 'aria-live': 'polite' } });
  let round = 0;
  const refresh = async () => {
    const mine = ++round;
    const contents = contentsOf(context.shown());
    const masks = await Promise.all(contents.map(({ table }) => context.maskOf(table)));
    if (mine !== round) return;
    if (contents.length === 0 || masks[0] === null || masks[0] === undefined) {
      fill(
        body,
        element(
          'p',
          { class: 'quiet-text' },
          'Draw around spots with the lasso (l) or a rectangle (r) to compare them with the others.',
        ),
      );
      return;
    }
    const count = rowsOf(masks[0]).length;
    const total = `${formatCount(count)} of ${counted(masks[0].length, 'spot')} chosen`;
    const clear = button('Clear', () => context.store.set({ selection: null }));
    const head = element('div', { class: 'row apart' }, element('span', { class: 'count' }, total), clear);
    if (count === 0) fill(body, head);
    else fill(body, head, ...contents.map((content, i) => statistics(content, masks[i]!)));
  };
  context.store.subscribe((now, before) => {
    if (now.selection !== before.selection) void refresh().catch(showError);
  });
  context.onShown(() => void refresh().catch(showError));
  void refresh();
  return section('Selection', true, body, exportControls(context));
}
