/** Scores of a benchmark beside the slide: a gene there is a gene shown here. */
import type { RunEntry } from '../../../src/contract/index.ts';
import { api } from '../api.ts';
import { showError } from '../dom/announce.ts';
import { element, fill, labelled, select } from '../dom/element.ts';
import type { ViewerContext } from '../viewer/context.ts';
import { scoresOf } from './scores.ts';
import { section } from './section.ts';

/** Undefined where the folder has no expression benchmark. */
export function scoresPanel(context: ViewerContext): HTMLElement | undefined {
  const runs: RunEntry[] = context.slide.catalogue.runs.filter(({ kind }) => kind === 'expression');
  const [first] = runs;
  if (first === undefined) return undefined;
  const body = element('div', { class: 'stack' });
  let id = first.id;
  let loaded = '';
  const load = async () => {
    loaded = id;
    const run = await api.run(id);
    const show = () =>
      fill(
        body,
        scoresOf(run, context.store.get().gene, (gene) => context.store.set({ gene })),
      );
    if (loaded === id) show();
    context.store.subscribe((now, before) => {
      if (now.gene !== before.gene && loaded === run.id) show();
    });
  };
  const choice = select(
    runs.map((run) => [run.id, run.name] as const),
    id,
    (value) => {
      id = value;
      void load().catch(showError);
    },
  );
  const made = section('Scores', false, ...(runs.length > 1 ? [labelled('Run', choice)] : []), body);
  const openOnce = () => {
    if (made.open && loaded === '') void load().catch(showError);
  };
  made.addEventListener('toggle', openOnce);
  openOnce();
  return made;
}
