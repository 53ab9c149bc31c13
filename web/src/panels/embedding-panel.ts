/** The embedding of the rows, laid out by UMAP and linked to the tissue both ways. */
import type { TableDetail } from '../../../src/contract/index.ts';
import { colourOf } from '../colour/colour-maps.ts';
import { percentileRange } from '../colour/range.ts';
import { showError } from '../dom/announce.ts';
import { element, fill, labelled, select } from '../dom/element.ts';
import type { Point } from '../geometry/polygon.ts';
import { contentsOf, type ViewerContext } from '../viewer/context.ts';
import type { TableData } from '../viewer/slide-data.ts';
import { Scatter } from './scatter.ts';
import { section } from './section.ts';

/** Values to colour a table's rows by: its own, or those of a shown table at the same spots. */
async function coloursFor(context: ViewerContext, table: TableData): Promise<(row: number) => string> {
  const { gene, map, percentiles } = context.store.get();
  const first = contentsOf(context.shown())[0];
  const plain = () => '#7a8594';
  if (gene === null) return plain;
  let values: Float32Array | undefined;
  if (table.names.has(gene)) values = await table.values(gene);
  else if (first?.table.names.has(gene)) values = (await table.valuesFrom(first.table, gene)).values;
  if (values === undefined) return plain;
  const { low, high } = percentileRange(values, percentiles);
  const known = values;
  return (row) => (Number.isFinite(known[row]) ? colourOf(map, known[row]!, low, high) : '#7a8594');
}

function attachPointer(context: ViewerContext, table: TableData, scatter: Scatter): void {
  const { store } = context;
  const { canvas } = scatter;
  let line: Point[] = [];
  const at = (event: PointerEvent): Point => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    line = [at(event)];
  });
  canvas.addEventListener('pointermove', (event) => {
    const place = at(event);
    if (line.length > 0) {
      line.push(place);
      scatter.setDraft(line);
      return;
    }
    const row = scatter.rowAt(...place);
    store.set({ hover: row === undefined ? null : { tableId: table.detail.id, row } });
  });
  canvas.addEventListener('pointerleave', () => store.set({ hover: null }));
  canvas.addEventListener('pointerup', () => {
    const drawn = line;
    line = [];
    scatter.setDraft([]);
    if (drawn.length < 4) return store.set({ selection: null });
    store.set({ selection: { kind: 'rows', tableId: table.detail.id, mask: scatter.maskOf(drawn) } });
  });
}

/** The row of this table that belongs to the spot under the pointer. */
async function linkedRow(context: ViewerContext, table: TableData): Promise<number | null> {
  const { hover } = context.store.get();
  if (hover === null) return null;
  if (hover.tableId === table.detail.id) return hover.row;
  const join = await (await context.slide.table(hover.tableId)).joinTo(table);
  const row = join.rows[hover.row] ?? -1;
  return row < 0 ? null : row;
}

async function openScatter(
  context: ViewerContext,
  detail: TableDetail,
  box: HTMLElement,
): Promise<() => void> {
  fill(box, element('p', { class: 'quiet-text' }, 'Laying out ...'));
  const table = await context.slide.table(detail.id);
  const scatter = new Scatter(await table.projection());
  scatter.canvas.className = 'scatter';
  scatter.canvas.setAttribute('role', 'img');
  scatter.canvas.setAttribute('aria-label', `UMAP of ${detail.name}; draw around points to choose them`);
  fill(box, scatter.canvas);
  attachPointer(context, table, scatter);
  const restyle = async () => {
    const [colour, mask] = await Promise.all([coloursFor(context, table), context.maskOf(table)]);
    scatter.setStyle({ colour, mask });
  };
  const stopShown = context.onShown(() => void restyle().catch(showError));
  const stopStore = context.store.subscribe((now, before) => {
    if (
      now.selection !== before.selection ||
      now.map !== before.map ||
      now.percentiles !== before.percentiles
    ) {
      void restyle().catch(showError);
    }
    if (now.hover !== before.hover) {
      void linkedRow(context, table).then((row) => scatter.setHover(row), showError);
    }
  });
  await restyle();
  return () => {
    stopShown();
    stopStore();
  };
}

/** Undefined where no table has an embedding. */
export function embeddingPanel(context: ViewerContext): HTMLElement | undefined {
  const tables = context.slide.tables.filter(({ projection }) => projection);
  const [first] = tables;
  if (first === undefined) return undefined;
  const box = element('div', { class: 'scatter-box' });
  let current = first;
  let opened: Promise<() => void> | undefined;
  const open = () => {
    void opened?.then((stop) => stop());
    opened = openScatter(context, current, box);
    opened.catch((error: unknown) => {
      fill(box, element('p', { class: 'quiet-text' }, 'The embedding could not be laid out.'));
      showError(error);
    });
  };
  const choice = select(
    tables.map(({ id, name }) => [id, name] as const),
    first.id,
    (id) => {
      current = tables.find((table) => table.id === id)!;
      open();
    },
  );
  const made = section(
    'Embedding',
    false,
    ...(tables.length > 1 ? [labelled('Table', choice)] : []),
    box,
    element(
      'p',
      { class: 'quiet-text' },
      'Draw around points to choose their spots; distances between groups carry no meaning.',
    ),
  );
  // UMAP is worth its time only when somebody looks at it.
  const openOnce = () => {
    if (made.open && opened === undefined) open();
  };
  made.addEventListener('toggle', openOnce);
  openOnce();
  return made;
}
