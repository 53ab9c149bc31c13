/** Asking for a prediction on this slide. */
import type { HeadEntry, Job, JobRequest } from '../../../src/contract/index.ts';
import { api } from '../api.ts';
import { showError } from '../dom/announce.ts';
import { button, element, fill, labelled, select } from '../dom/element.ts';
import { boundsOf } from '../geometry/polygon.ts';
import { counted, formatCount } from '../numbers/format.ts';
import type { ViewerContext } from '../viewer/context.ts';
import { createGenePicker } from './gene-picker.ts';
import { createRunningJobs } from './running-jobs.ts';
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

/** What is asked of the server. */
interface Wish {
  readonly head: HeadEntry;
  readonly weightsId: string;
  readonly genes: readonly string[];
}

function requestOf(context: ViewerContext, { head, weightsId, genes }: Wish): JobRequest {
  const region = regionOf(context);
  if (genes.length === 0) throw new Error('A prediction needs a gene; check one or more in the list.');
  return {
    slideId: context.slide.detail.id,
    headId: head.id,
    genes,
    ...(weightsId === '' ? {} : { weightsId }),
    ...(region === undefined ? {} : { region }),
  };
}

/** A button that starts a prediction, and cannot start a second one while the first is on its way. */
function startButton(context: ViewerContext, wish: () => Wish, onJob: (job: Job) => void): HTMLElement {
  const work = async () => {
    start.disabled = true;
    try {
      onJob(await api.startJob(requestOf(context, wish())));
    } catch (error) {
      showError(error);
    } finally {
      start.disabled = false;
    }
  };
  const start = button('Predict', () => void work(), { class: 'primary' });
  return start;
}

/** Undefined where the folder has no head. */
export function predictPanel(context: ViewerContext): { root: HTMLElement; dispose(): void } | undefined {
  const { heads } = context.slide.catalogue;
  const [first] = heads;
  if (first === undefined) return undefined;
  let head = first;
  const genes = createGenePicker();
  const weightsBox = element('div');
  let weights = weightsField(context, head);
  const useHead = (next: HeadEntry) => {
    head = next;
    weights = weightsField(context, next);
    fill(weightsBox, weights.root);
    const { gene } = context.store.get();
    genes.setGenes(next.genes, gene === null ? [] : [gene]);
  };
  useHead(head);
  const headChoice = select(
    heads.map(({ id, name, genes: known }) => [id, `${name} (${counted(known.length, 'gene')})`] as const),
    head.id,
    (id) => useHead(heads.find((entry) => entry.id === id)!),
  );
  const jobs = createRunningJobs(context);
  const wish = () => ({ head, weightsId: weights.value(), genes: genes.picked() });
  const root = section(
    'Predict',
    false,
    labelled('Head', headChoice),
    weightsBox,
    element('div', { class: 'field' }, element('span', { class: 'field-label' }, 'Genes'), genes.root),
    regionControls(context),
    startButton(context, wish, jobs.follow),
    jobs.root,
  );
  return { root, dispose: jobs.dispose };
}
