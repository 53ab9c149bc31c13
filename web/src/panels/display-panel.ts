/** Colours, range, opacity, size, layers, and which tables are shown. */
import type { TableDetail } from '../../../src/contract/index.ts';
import { SEQUENTIAL_MAPS, type SequentialMap } from '../colour/colour-maps.ts';
import { element, fill, labelled, select } from '../dom/element.ts';
import { counted } from '../numbers/format.ts';
import type { ViewerState } from '../viewer/choice-state.ts';
import type { ViewerContext } from '../viewer/context.ts';
import { hasValues, sourceOf } from '../viewer/sources.ts';
import { section } from './section.ts';

type Flag = 'spotsShown' | 'tissueShown' | 'gridShown' | 'sharedRange';

function checkbox(context: ViewerContext, label: string, key: Flag, disabled = false): HTMLLabelElement {
  const box = element('input', { attributes: { type: 'checkbox', disabled } });
  const show = ({ [key]: on }: ViewerState) => {
    box.checked = on;
  };
  box.addEventListener('change', () => context.store.set({ [key]: box.checked }));
  context.store.subscribe(show);
  show(context.store.get());
  return element('label', { class: 'check' }, box, label);
}

function slider(
  context: ViewerContext,
  label: string,
  key: 'opacity' | 'spotScale',
  [min, max, step]: readonly [number, number, number],
): HTMLLabelElement {
  const output = element('output', { class: 'field-value' });
  const input = element('input', { attributes: { type: 'range', min, max, step } });
  const show = ({ [key]: value }: ViewerState) => {
    input.value = String(value);
    output.textContent = `${Math.round(100 * value)} %`;
  };
  input.addEventListener('input', () => context.store.set({ [key]: Number(input.value) }));
  context.store.subscribe(show);
  show(context.store.get());
  return labelled(label, input, output);
}

function percentileFields({ store }: ViewerContext): HTMLElement {
  const make = (label: string) =>
    element('input', { attributes: { type: 'number', min: 0, max: 100, step: 0.5, 'aria-label': label } });
  const low = make('Lower percentile');
  const high = make('Upper percentile');
  const show = ({ percentiles }: ViewerState) => {
    low.value = String(percentiles.low);
    high.value = String(percentiles.high);
  };
  const change = () => {
    const next = { low: low.valueAsNumber, high: high.valueAsNumber };
    const valid = next.low >= 0 && next.high <= 100 && next.low < next.high;
    for (const input of [low, high]) input.setAttribute('aria-invalid', String(!valid));
    if (valid) store.set({ percentiles: next });
  };
  for (const input of [low, high]) input.addEventListener('change', change);
  store.subscribe((now, before) => {
    if (now.percentiles !== before.percentiles) show(now);
  });
  show(store.get());
  return element(
    'div',
    { class: 'field' },
    element('span', { class: 'field-label' }, 'Range, percentiles'),
    element('div', { class: 'pair' }, low, element('span', {}, 'to'), high),
  );
}

const TABLE_LABELS = [
  ['measured', 'measuredId', 'Measured table'],
  ['predicted', 'predictedId', 'Predicted table'],
  ['other', 'otherId', 'Patches'],
] as const;

function ofKind(tables: readonly TableDetail[], kind: (typeof TABLE_LABELS)[number][0]): TableDetail[] {
  return tables.filter((table) =>
    kind === 'other' ? sourceOf(table.kind) === 'other' && hasValues(table) : table.kind === kind,
  );
}

/** A choice for each kind of table the slide has. */
function tableFields(context: ViewerContext): HTMLElement[] {
  const chosen = context.chosen();
  return TABLE_LABELS.flatMap(([kind, key, label]) => {
    const tables = ofKind(context.slide.tables, kind);
    if (tables.length === 0) return [];
    const names = tables.map(
      ({ id, name, rows, shape }) =>
        [
          id,
          `${name} (${counted(rows, shape === 'disc' ? 'spot' : 'patch', shape === 'disc' ? 'spots' : 'patches')})`,
        ] as const,
    );
    return [
      labelled(
        label,
        select(names, chosen[kind]!.id, (id) => context.store.set({ [key]: id })),
      ),
    ];
  });
}

export function displayPanel(context: ViewerContext): HTMLElement {
  const { store, slide } = context;
  const tables = element('div', { class: 'stack' });
  const refresh = () => fill(tables, ...tableFields(context));
  store.subscribe((now, before) => {
    if (now.tablesVersion !== before.tablesVersion) refresh();
  });
  refresh();
  const map = select(
    SEQUENTIAL_MAPS.map((name) => [name, name] as const),
    store.get().map,
    (name) => store.set({ map: name as SequentialMap }),
  );
  return section(
    'Display',
    true,
    tables,
    element('div', { class: 'pair even' }, labelled('Colours', map), percentileFields(context)),
    checkbox(context, 'Same range in linked panes', 'sharedRange'),
    slider(context, 'Opacity', 'opacity', [0.05, 1, 0.05]),
    slider(context, 'Spot size', 'spotScale', [0.2, 3, 0.05]),
    element(
      'div',
      { class: 'checks', attributes: { role: 'group', 'aria-label': 'Layers' } },
      checkbox(context, 'Spots', 'spotsShown'),
      checkbox(context, 'Tissue outline', 'tissueShown', !slide.detail.tissue),
      checkbox(context, 'Patch grid', 'gridShown'),
    ),
  );
}
