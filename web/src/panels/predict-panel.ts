/** Asking for a prediction on this slide. */
import type { HeadEntry, Job, JobRequest } from '../../../src/contract/index.ts';
import { api } from '../api.ts';
import { showError } from '../dom/announce.ts';
import { button, element, fill, labelled, select } from '../dom/element.ts';
import { boundsOf } from '../geometry/polygon.ts';
import { formatCount } from '../numbers/format.ts';
import type { ViewerContext } from '../viewer/context.ts';
import { createGenePicker } from './gene-picker.ts';
import { jobView } from './job-view.ts';
import { section } from './section.ts';

/** The drawn region as whole pixels inside the slide, or undefined for all tissue. */
function regionOf({ store, slide }: ViewerContext): JobRequest['region'] {
  const { region } = store.get();
  if (region === null) return undefined;
  const box = boundsOf(region);
  const clamp = (value: number, most: number) => Math.min(most, Math.max(0, Math.round(value)));
  const x = clamp(box.x, slide.detail.width);
  const y = clamp(box.y, slide.detail.height);
  return {
    x,
    y,
    width: clamp(box.x + box.width, slide.detail.width) - x,
    height: clamp(box.y + box.height, slide.detail.height) - y,
  };
}

function regionControls(context: ViewerContext): HTMLElement {
  const { store } = context;
  const text = element('span', { class: 'quiet-text' });
  const draw = button('Draw region', () => store.set({ tool: 'region' }));
  const whole = button('All tissue', () => store.set({ region: null, tool: 'move' }));
  const show = () => {
    const region = regionOf(context);
    text.textContent = region
      ? `${formatCount(region.width)} \u00d7 ${formatCount(region.height)} px at ${region.x}, ${region.y}`
      : 'all tissue';
    draw.setAttribute('aria-pressed', String(store.get().tool === 'region'));
    whole.setAttribute('aria-pressed', String(region === undefined));
  };
  store.subscribe(show);
  show();
  return element(
    'div',
    { class: 'field' },
    element('span', { class: 'field-label' }, 'Where: ', text),
    element(
      'div',
      { class: 'segments', attributes: { role: 'group', 'aria-label': 'Where to predict' } },
      whole,
      draw,
    ),
  );
}

/** Weights that fit the head's backbone; seeded random weights are always there. */
function weightsField(context: ViewerContext, head: HeadEntry): { root: HTMLElement; value: () => string } {
  const fitting = context.slide.catalogue.weights.filter(({ backbone }) => backbone === head.backbone);
  const made = select(
    [['', `as the head says: ${head.encoder}`], ...fitting.map(({ id, name }) => [id, name] as const)],
    '',
    () => {},
  );
  return { root: labelled('Weights', made), value: () => made.value };
}

/** Undefined where the folder has no head. */
export function predictPanel(context: ViewerContext): { root: HTMLElement; dispose(): void } | undefined {
  const { heads } = context.slide.catalogue;
  let [head] = heads;
  if (head === undefined) return undefined;
  const genes = createGenePicker();
  const weightsBox = element('div');
  const jobs = element('div', { class: 'stack' });
  const running = new Set<{ stop(): void }>();
  let weights = weightsField(context, head);

  const useHead = (next: HeadEntry) => {
    head = next;
    weights = weightsField(context, next);
    fill(weightsBox, weights.root);
    const { gene } = context.store.get();
    genes.setGenes(next.genes, gene === null ? [] : [gene]);
  };
  const follow = (job: Job) => {
    const view = jobView(job, ({ state, tableId }) => {
      running.delete(view);
      if (state === 'done' && tableId !== null) void context.addTable(tableId).catch(showError);
    });
    running.add(view);
    jobs.prepend(view.root);
  };
  const start = button(
    'Predict',
    () => {
      const region = regionOf(context);
      const weightsId = weights.value();
      start.disabled = true;
      api
        .startJob({
          slideId: context.slide.detail.id,
          headId: head!.id,
          genes: genes.picked(),
          ...(weightsId === '' ? {} : { weightsId }),
          ...(region === undefined ? {} : { region }),
        })
        .then(follow, showError)
        .finally(() => {
          start.disabled = false;
        });
    },
    { class: 'primary' },
  );
  const headChoice = select(
    heads.map(({ id, name, genes: known }) => [id, `${name} (${known.length} genes)`] as const),
    head.id,
    (id) => useHead(heads.find((entry) => entry.id === id)!),
  );
  useHead(head);
  // A page that was reloaded finds its running jobs again.
  api
    .jobs()
    .then((known) => {
      const mine = known.filter(
        ({ slideId, state }) =>
          slideId === context.slide.detail.id && (state === 'running' || state === 'waiting'),
      );
      mine.forEach(follow);
    })
    .catch(showError);
  const root = section(
    'Predict',
    false,
    labelled('Head', headChoice),
    weightsBox,
    element('div', { class: 'field' }, element('span', { class: 'field-label' }, 'Genes'), genes.root),
    regionControls(context),
    start,
    jobs,
  );
  return {
    root,
    dispose: () => {
      for (const view of running) view.stop();
    },
  };
}
