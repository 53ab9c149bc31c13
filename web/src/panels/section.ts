/** A part of the side panel that opens and closes, and remembers which it was. */
import { element } from '../dom/element.ts';

const KEY = 'mvhybrid-sections';

function stored(): Record<string, boolean> {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? '{}') as Record<string, boolean>;
  } catch {
    return {};
  }
}

/** @param open whether it is open on the first visit */
export function section(title: string, open: boolean, ...content: (Node | string)[]): HTMLDetailsElement {
  const made = element(
    'details',
    { class: 'section' },
    element('summary', {}, title),
    element('div', { class: 'section-body' }, ...content),
  );
  made.open = stored()[title] ?? open;
  made.addEventListener('toggle', () => {
    try {
      sessionStorage.setItem(KEY, JSON.stringify({ ...stored(), [title]: made.open }));
    } catch {
      // Storage may be switched off; the sections then open as at first.
    }
  });
  return made;
}
