import {
  type Catalogue,
  type SlideEntry,
  type TableEntry,
  thumbnailAddress,
} from '../../../src/contract/index.ts';
import { element } from '../dom/element.ts';
import { counted, formatCount } from '../numbers/format.ts';
import { DEFAULT_CHOICE, formatRoute } from '../router.ts';

const KIND_LABELS: Readonly<Record<TableEntry['kind'], string>> = {
  measured: 'measured',
  predicted: 'predicted',
  patches: 'patches',
  embedding: 'embedding',
};

/** `measured, predicted (2)` */
export function tableSummary(tables: readonly TableEntry[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of tables) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const parts = [...counts].map(([kind, count]) => {
    const label = KIND_LABELS[kind as TableEntry['kind']];
    return count > 1 ? `${label} (${count})` : label;
  });
  return parts.length === 0 ? 'no tables' : parts.join(', ');
}

export function slideCard(slide: SlideEntry, { tables }: Catalogue): HTMLElement {
  const own = tables.filter(({ slideId }) => slideId === slide.id);
  const size = `${formatCount(slide.width)} \u00d7 ${formatCount(slide.height)} px`;
  const mpp = slide.mpp === null ? 'pixel size unknown' : `${slide.mpp.toFixed(3)} \u00b5m per px`;
  const spots = own.filter(({ kind }) => kind === 'measured').reduce((sum, { rows }) => sum + rows, 0);
  const picture = element('img', {
    attributes: { src: thumbnailAddress(slide.id, 320), alt: '', loading: 'lazy', decoding: 'async' },
  });
  picture.addEventListener('error', () => picture.remove());
  return element(
    'a',
    {
      class: 'card',
      attributes: { href: formatRoute({ page: 'slide', id: slide.id, choice: DEFAULT_CHOICE }) },
    },
    element('span', { class: 'card-picture' }, picture),
    element(
      'span',
      { class: 'card-text' },
      element('strong', {}, slide.name),
      element('span', {}, `${size}, ${mpp}`),
      element('span', {}, spots > 0 ? `${tableSummary(own)}; ${counted(spots, 'spot')}` : tableSummary(own)),
    ),
  );
}
