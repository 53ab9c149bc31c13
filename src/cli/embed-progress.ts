import { Progress } from './progress.ts';

/** One progress line per section being embedded. */
export interface EmbedProgress extends Disposable {
  readonly onProgress: (id: string, done: number, total: number) => void;
  stop(): void;
}

export function embedProgress(): EmbedProgress {
  let current: { id: string; progress: Progress } | undefined;
  const stop = () => {
    current?.progress.stop();
    current = undefined;
  };
  return {
    onProgress(id, done, total) {
      if (current?.id !== id) {
        stop();
        current = {
          id,
          progress: new Progress({ label: `embedding ${id}`, total, unit: 'patches', initial: done }),
        };
      }
      current.progress.update(done);
    },
    stop,
    [Symbol.dispose]: stop,
  };
}
