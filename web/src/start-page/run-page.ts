/** The page of one benchmark. */
import type { Catalogue } from '../../../src/contract/index.ts';
import { api } from '../api.ts';
import { showNote } from '../dom/announce.ts';
import { element, fill } from '../dom/element.ts';
import type { Page } from '../page.ts';
import { scoresOf } from '../panels/scores.ts';
import { DEFAULT_CHOICE, formatRoute } from '../router.ts';

/** The slide on which a gene of a run can be looked at: one with measured spots, a predicted table too if possible. */
export function slideForGenes({ slides, tables }: Catalogue): string | undefined {
  const has = (id: string, kind: string) =>
    tables.some((table) => table.slideId === id && table.kind === kind);
  const measured = slides.filter(({ id }) => has(id, 'measured'));
  return (measured.find(({ id }) => has(id, 'predicted')) ?? measured[0])?.id;
}

export async function openRun(root: HTMLElement, catalogue: Catalogue, id: string): Promise<Page> {
  const run = await api.run(id);
  const show = (gene: string) => {
    const slide = slideForGenes(catalogue);
    if (slide === undefined) showNote('This folder has no slide with measured spots to show the gene on.');
    else location.hash = formatRoute({ page: 'slide', id: slide, choice: { ...DEFAULT_CHOICE, gene } });
  };
  fill(
    root,
    element(
      'div',
      { class: 'start' },
      element(
        'header',
        { class: 'start-top' },
        element('a', { class: 'back', attributes: { href: '#/' } }, '\u2039 ', catalogue.folder),
        element('h1', {}, run.name),
      ),
      element('main', { class: 'start-body run-body' }, scoresOf(run, show).root),
    ),
  );
  document.title = `${run.name} - MV_Hybrid viewer`;
  return { dispose: () => {} };
}
