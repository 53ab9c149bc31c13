/** The predictions of a slide that are under way. */
import type { Job } from '../../../src/contract/index.ts';
import { api } from '../api.ts';
import { showError } from '../dom/announce.ts';
import { element } from '../dom/element.ts';
import type { ViewerContext } from '../viewer/context.ts';
import { jobView } from './job-view.ts';

export interface RunningJobs {
  readonly root: HTMLElement;
  /** Shows a job, and its table when it is done. */
  follow(job: Job): void;
  dispose(): void;
}

/** A page that was reloaded finds its running jobs again. */
export function createRunningJobs(context: ViewerContext): RunningJobs {
  const root = element('div', { class: 'stack' });
  const running = new Set<{ stop(): void }>();
  const follow = (job: Job) => {
    const view = jobView(job, ({ state, tableId }) => {
      running.delete(view);
      if (state === 'done' && tableId !== null) void context.addTable(tableId).catch(showError);
    });
    running.add(view);
    root.prepend(view.root);
  };
  const unfinished = ({ slideId, state }: Job) =>
    slideId === context.slide.detail.id && (state === 'running' || state === 'waiting');
  api
    .jobs()
    .then((jobs) => {
      for (const job of jobs.filter(unfinished)) follow(job);
    })
    .catch(showError);
  return {
    root,
    follow,
    dispose: () => {
      for (const view of running) view.stop();
    },
  };
}
