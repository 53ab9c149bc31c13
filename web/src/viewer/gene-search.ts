/** The search box for genes and columns: a combobox that works from the keyboard. */
import { announce } from '../dom/announce.ts';
import { element, fill } from '../dom/element.ts';
import { counted } from '../numbers/format.ts';
import { rankNames } from '../search/rank-names.ts';

const LISTED = 12;
let made = 0;

export interface GeneSearch {
  readonly root: HTMLElement;
  readonly input: HTMLInputElement;
  /** Shows the name in the box without searching. */
  setName(name: string | null): void;
}

/**
 * @param names everything that can be found
 * @param onPick called with a name of the list
 */
export function createGeneSearch(names: () => readonly string[], onPick: (name: string) => void): GeneSearch {
  const id = `genes-${++made}`;
  const list = element('ul', {
    class: 'suggestions',
    attributes: { role: 'listbox', id, 'aria-label': 'Genes' },
  });
  const input = element('input', {
    attributes: {
      type: 'search',
      role: 'combobox',
      placeholder: 'Gene (g)',
      'aria-label': 'Gene or column',
      'aria-controls': id,
      'aria-expanded': 'false',
      'aria-autocomplete': 'list',
      autocomplete: 'off',
      spellcheck: 'false',
    },
  });
  const root = element('div', { class: 'gene-search' }, input, list);
  let shown: string[] = [];
  let active = -1;
  let current: string | null = null;
  list.hidden = true;

  const close = () => {
    list.hidden = true;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  };
  const setActive = (index: number) => {
    active = index;
    [...list.children].forEach((item, i) => {
      item.setAttribute('aria-selected', String(i === active));
      if (i === active) item.scrollIntoView({ block: 'nearest' });
    });
    if (active >= 0) input.setAttribute('aria-activedescendant', `${id}-${active}`);
  };
  const pick = (name: string) => {
    current = name;
    input.value = name;
    close();
    onPick(name);
  };
  const search = () => {
    shown = rankNames(input.value, names(), LISTED);
    fill(
      list,
      ...shown.map((name, i) => {
        const item = element('li', { attributes: { role: 'option', id: `${id}-${i}` } }, name);
        item.addEventListener('pointerdown', (event) => {
          event.preventDefault();
          pick(name);
        });
        return item;
      }),
    );
    if (shown.length === 0) fill(list, element('li', { class: 'nothing' }, 'No such gene here'));
    list.hidden = false;
    input.setAttribute('aria-expanded', 'true');
    setActive(shown.length > 0 ? 0 : -1);
    announce(shown.length === 0 ? 'No such gene' : counted(shown.length, 'suggestion'));
  };
  input.addEventListener('focus', () => input.select());
  input.addEventListener('input', search);
  input.addEventListener('blur', () => {
    close();
    input.value = current ?? '';
  });
  input.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      if (list.hidden) search();
      else if (shown.length > 0) setActive((active + step + shown.length) % shown.length);
    } else if (event.key === 'Enter') {
      const name = shown[active];
      if (!list.hidden && name !== undefined) {
        pick(name);
        input.blur();
      }
    } else if (event.key === 'Escape') {
      event.stopPropagation();
      input.blur();
    }
  });
  return {
    root,
    input,
    setName(name) {
      current = name;
      if (document.activeElement !== input) input.value = name ?? '';
    },
  };
}
