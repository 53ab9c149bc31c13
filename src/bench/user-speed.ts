/** What users want to know of their machine: patches per second, and how long a slide takes. */
import { backboneFlops, createBackbone, embed, totalFlops } from '../backbones/index.ts';
import { Rng } from '../core/rng.ts';
import { type Device, setThreads, threadCount } from '../tensor/index.ts';
import { summarize, timeRuns } from './timing.ts';

export interface UserSpeedOptions {
  readonly backbones: readonly string[];
  /** Side of the patches in pixels. */
  readonly imagePx: number;
  readonly batch: number;
  /** Seconds of timed runs per backbone. */
  readonly seconds: number;
  readonly device: Device;
  /** Default: the engine's own. */
  readonly threads?: number | undefined;
  /** Patches of the slide whose time is asked for. */
  readonly slidePatches: number;
  readonly onBackbone?: (name: string) => void;
}

export interface UserSpeed {
  readonly backbone: string;
  readonly patchesPerSecond: number;
  /** All operations of the backbone, products, scans and convolutions. */
  readonly gflopsPerSecond: number;
  /** Upper minus lower quartile of the runs' times over their median. */
  readonly spread: number;
  readonly secondsPerSlide: number;
}

export interface UserSpeeds {
  readonly threads: number;
  readonly speeds: readonly UserSpeed[];
}

/** From 8-bit RGB to embeddings, as `embed` does it, but for reading and resampling. */
export function measureUserSpeeds(options: UserSpeedOptions): UserSpeeds {
  const { imagePx, batch, seconds, device, threads, slidePatches } = options;
  const before = threadCount();
  if (threads !== undefined) setThreads(threads);
  const rng = new Rng(1);
  const pixels = Uint8Array.from({ length: batch * imagePx * imagePx * 3 }, () => rng.integer(0, 255));
  try {
    const speeds = options.backbones.map((name): UserSpeed => {
      options.onBackbone?.(name);
      const backbone = createBackbone(name).initialize(1).to(device);
      try {
        const plan = { warmUp: 1, minRuns: 3, maxRuns: 1000, budgetMs: 1000 * seconds };
        const run = (): void => void embed(backbone, pixels, imagePx, 'cls+mean');
        const { median, spread } = summarize(timeRuns(run, plan));
        const patchesPerSecond = (1000 * batch) / median;
        return {
          backbone: name,
          patchesPerSecond,
          gflopsPerSecond: (totalFlops(backboneFlops(backbone, imagePx)) * patchesPerSecond) / 1e9,
          spread: spread / median,
          secondsPerSlide: slidePatches / patchesPerSecond,
        };
      } finally {
        backbone.dispose();
      }
    });
    return { threads: threadCount(), speeds };
  } finally {
    setThreads(before);
  }
}
