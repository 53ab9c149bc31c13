/** Picking several genes of a head: a search box and a list of checked names. */
import { button, element, fill } from '../dom/element.ts';
import { counted } from '../numbers/format.ts';
import { rankNames } from '../search/rank-names.ts';

const LISTED = 60;

export interface GenePicker {
  readonly root: HTMLElement;
  /** Offers other genes; those picked before stay picked where they exist. */
  setGenes(genes: readonly string[], preferred: readonly string[]): void;
  picked(): string[];
}

/** A gene to check; `onChange` is called after `picked` has changed. */
function geneBox(gene: string, picked: Set<string>, onChange: () => void): HTMLElement {
  const box = element('input', { attributes: { type: 'checkbox' } });
  box.checked = picked.has(gene);
  box.addEventListener('change', () => {
    if (box.checked) picked.add(gene);
    else picked.delete(gene);
    onChange();
  });
  return element('label', { class: 'check' }, box, gene);
}

export function createGenePicker(): GenePicker {
  let genes: readonly string[] = [];
  const picked = new Set<string>();
  const search = element('input', {
    attributes: {
      type: 'search',
      placeholder: 'Search genes of the head',
      'aria-label': 'Search genes of the head',
    },
  });
  const list = element('div', {
    class: 'gene-list',
    attributes: { role: 'group', 'aria-label': 'Genes to predict' },
  });
  const count = element('span', { class: 'quiet-text' });
  const showCount = () => {
    count.textContent = `${counted(picked.size, 'gene')} of ${genes.length}`;
  };
  const show = () => {
    const found = rankNames(search.value, genes, LISTED);
    const rows = found.map((gene) => geneBox(gene, picked, showCount));
    fill(list, ...rows);
    showCount();
  };
  const setAll = (on: boolean) => {
    picked.clear();
    if (on) for (const gene of genes) picked.add(gene);
    show();
  };
  search.addEventListener('input', show);
  return {
    root: element(
      'div',
      { class: 'stack tight' },
      search,
      list,
      element(
        'div',
        { class: 'row' },
        button('All', () => setAll(true), { class: 'quiet' }),
        button('None', () => setAll(false), { class: 'quiet' }),
        count,
      ),
    ),
    setGenes(next, preferred) {
      genes = next;
      for (const gene of [...picked]) if (!next.includes(gene)) picked.delete(gene);
      if (picked.size === 0) for (const gene of preferred) if (next.includes(gene)) picked.add(gene);
      if (picked.size === 0) for (const gene of next.slice(0, 20)) picked.add(gene);
      show();
    },
    picked: () => genes.filter((gene) => picked.has(gene)),
  };
}
