import { button, element } from './element.ts';

/** Shows a modal window with a heading; Esc and the button close it. */
export function showDialog(heading: string, ...content: (Node | string)[]): HTMLDialogElement {
  const dialog = element(
    'dialog',
    { attributes: { 'aria-label': heading } },
    element(
      'header',
      {},
      element('h2', {}, heading),
      button('Close', () => dialog.close(), { class: 'quiet' }),
    ),
    ...content,
  );
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
