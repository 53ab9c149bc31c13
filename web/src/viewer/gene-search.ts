/** The search box for genes and columns: a combobox that works from the keyboard. */
import { announce } from '../dom/announce.ts';
import { element } from '../dom/element.ts';
import { counted } from '../numbers/format.ts';
import { rankNames } from '../search/rank-names.ts';
import { SuggestionList } from './suggestion-list.ts';

const LISTED = 12;

export interface GeneSearch {
  readonly root: HTMLElement;
  readonly input: HTMLInputElement;
  /** Shows the name in the box without searching. */
  setName(name: string | null): void;
}

function searchInput(): HTMLInputElement {
  return element('input', {
    attributes: {
      type: 'search',
      role: 'combobox',
      placeholder: 'Gene (g)',
      'aria-label': 'Gene or column',
      'aria-autocomplete': 'list',
      autocomplete: 'off',
      spellcheck: 'false',
    },
  });
}

/** What a key does in the box; the list is closed by leaving the box. */
function onKey(
  event: KeyboardEvent,
  list: SuggestionList,
  search: () => void,
  pick: (name: string) => void,
): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step !== undefined) {
    event.preventDefault();
    if (list.isOpen) list.move(step);
    else search();
  } else if (event.key === 'Enter') {
    if (list.active !== undefined) pick(list.active);
  } else if (event.key === 'Escape') {
    event.stopPropagation();
    (event.target as HTMLElement).blur();
  }
}

/**
 * @param names everything that can be found
 * @param onPick called with a name of the list
 */
export function createGeneSearch(names: () => readonly string[], onPick: (name: string) => void): GeneSearch {
  const input = searchInput();
  let current: string | null = null;
  const pick = (name: string) => {
    current = name;
    input.value = name;
    input.blur();
    onPick(name);
  };
  const list = new SuggestionList(input, 'Genes', pick);
  const search = () => {
    const found = rankNames(input.value, names(), LISTED);
    list.show(found, 'No such gene here');
    announce(found.length === 0 ? 'No such gene' : counted(found.length, 'suggestion'));
  };
  input.addEventListener('focus', () => input.select());
  input.addEventListener('input', search);
  input.addEventListener('blur', () => {
    list.close();
    input.value = current ?? '';
  });
  input.addEventListener('keydown', (event) => onKey(event, list, search, pick));
  return {
    root: element('div', { class: 'gene-search' }, input, list.root),
    input,
    setName(name) {
      current = name;
      if (document.activeElement !== input) input.value = name ?? '';
    },
  };
}
