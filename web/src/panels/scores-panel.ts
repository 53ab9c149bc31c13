/** Scores of a benchmark beside the slide: a gene there is a gene shown here. */
import type { RunEntry } from '../../../src/contract/index.ts';
import { api } from '../api.ts';
import { showError } from '../dom/announce.ts';
import { element, fill, labelled, select } from '../dom/element.ts';
import type { ViewerContext } from '../viewer/context.ts';
import type { Marked } from './score-rows.ts';
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
  let scores: Marked | undefined;
  context.store.subscribe(({ gene }, before) => {
    if (gene !== before.gene) scores?.setCurrent(gene);
  });
  const load = async () => {
    loaded = id;
    const run = await api.run(id);
    if (loaded !== run.id) return;
    scores = scoresOf(run, (gene) => context.store.set({ gene }));
    scores.setCurrent(context.store.get().gene);
    fill(body, scores.root);
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
