/** Sentences for the person in front of the screen: read out by screen readers, errors also shown. */
import { sentenceOf } from '../api.ts';
import { button, element } from './element.ts';

/** Says a sentence in the page's live region. */
export function announce(sentence: string): void {
  const region = document.getElementById('status');
  if (region !== null) region.textContent = sentence;
}

function notice(text: string, kind: 'error' | 'note', lifeMs: number): void {
  let stack = document.querySelector('.notices');
  if (stack === null) {
    stack = element('div', { class: 'notices', attributes: { role: 'region', 'aria-label': 'Messages' } });
    document.body.append(stack);
  }
  const box = element(
    'div',
    { class: `notice ${kind}`, attributes: { role: kind === 'error' ? 'alert' : 'status' } },
    element('span', {}, text),
  );
  box.append(button('Close', () => box.remove(), { class: 'quiet' }));
  stack.append(box);
  if (stack.children.length > 3) stack.firstElementChild?.remove();
  setTimeout(() => box.remove(), lifeMs);
}

/** Shows what went wrong until it is closed, a minute at most. */
export function showError(error: unknown): void {
  notice(sentenceOf(error), 'error', 60_000);
}

export function showNote(sentence: string): void {
  notice(sentence, 'note', 8000);
}
