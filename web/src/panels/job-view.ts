/** A running prediction: what is done, how long it still takes, a way to stop it. */
import type { Job } from '../../../src/contract/index.ts';
import { api, followJob } from '../api.ts';
import { announce, showError } from '../dom/announce.ts';
import { button, element, fill } from '../dom/element.ts';
import { formatCount, formatDuration } from '../numbers/format.ts';

/** `stage, 120 of 400, 45 s left` */
export function jobLine({ stage, done, total, secondsLeft }: Job): string {
  const parts = [stage];
  if (total > 0) parts.push(`${formatCount(done)} of ${formatCount(total)}`);
  if (secondsLeft !== null) parts.push(`${formatDuration(secondsLeft)} left`);
  return parts.join(', ');
}

const ENDS: Readonly<Record<string, string>> = {
  done: 'Prediction done',
  cancelled: 'Prediction cancelled',
  failed: 'Prediction failed',
};

/**
 * Follows a job until its end.
 *
 * @param onEnd called with the last state
 */
export function jobView(start: Job, onEnd: (job: Job) => void): { readonly root: HTMLElement; stop(): void } {
  const text = element('p', { class: 'job-line' });
  const bar = element('progress', { attributes: { 'aria-label': 'Progress of the prediction' } });
  const cancel = button('Cancel', () => {
    cancel.disabled = true;
    api.cancelJob(start.id).catch((error: unknown) => {
      cancel.disabled = false;
      showError(error);
    });
  });
  const root = element(
    'div',
    { class: 'job stack', attributes: { role: 'group', 'aria-label': 'Prediction' } },
    text,
    bar,
    cancel,
  );
  const show = (job: Job) => {
    text.textContent = job.error ?? (ENDS[job.state] === undefined ? jobLine(job) : `${ENDS[job.state]}.`);
    root.dataset.state = job.state;
    if (job.total > 0) {
      bar.max = job.total;
      bar.value = job.done;
    } else bar.removeAttribute('value');
    const ended = ENDS[job.state];
    if (ended === undefined) return;
    fill(root, text);
    announce(job.error ?? ended);
    onEnd(job);
  };
  show(start);
  const stream = followJob(start.id, show, () => {
    text.textContent = 'The server no longer tells how far it is; reload the page to see the result.';
  });
  return { root, stop: () => stream.stop() };
}
