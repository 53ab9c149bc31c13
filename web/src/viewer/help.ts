import { showDialog } from '../dom/dialog.ts';
import { element } from '../dom/element.ts';
import type { KeyBinding } from './keyboard.ts';

/** The list of keys. */
export function showHelp(bindings: readonly KeyBinding[]): void {
  if (document.querySelector('dialog[open]') !== null) return;
  const rows = bindings.map(({ label, what }) =>
    element(
      'tr',
      {},
      element('th', { attributes: { scope: 'row' } }, element('kbd', {}, label)),
      element('td', {}, what),
    ),
  );
  showDialog('Keys', element('table', { class: 'keys' }, element('tbody', {}, ...rows)));
}
