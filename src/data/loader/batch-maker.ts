/** Making one batch: reads patches, draws and renders their crops, lays them out. Runs in any thread. */
import { DataError } from '../../errors.ts';
import type { Augmentation, CropRecipe } from '../augmentation.ts';
import { cropRng, drawCropPlan } from '../crop-plan.ts';
import { type NormalizeTable, normalizeInto, normalizeTable } from '../pixels/normalize.ts';
import { packImage, type RgbImage } from '../pixels/rgb-image.ts';
import { Scratch } from '../pixels/scratch.ts';
import { renderCrop } from '../render-crop.ts';
import { openPatches } from '../sources/open-patches.ts';
import type { PatchListing, PatchSet } from '../sources/patch-set.ts';
import { type BrokenPatch, tooManyBroken } from './broken-patches.ts';
import type { OrderedSample } from './sample-order.ts';

/** What every thread is told once; plain data. */
export interface BatchSetup {
  readonly patches: PatchListing;
  readonly augmentation: Augmentation;
  readonly seed: number;
  /** Unreadable patches that are put up with. */
  readonly brokenAllowance: number;
  /** One shared number; not 0 means: stop soon. */
  readonly stop: Int32Array;
}

/** Which patches make up a batch. */
export interface BatchTask {
  readonly iteration: number;
  readonly samples: readonly OrderedSample[];
}

/** The pixels of a batch, normalised float32, crop-major: all first crops, then all second ones. */
export interface BatchPixels {
  /** [2 B, 3, globalPx, globalPx] */
  readonly global: Float32Array;
  /** [localCrops B, 3, localPx, localPx] */
  readonly local: Float32Array;
  /** Patches used, in batch order: those asked for, or the next readable ones. */
  readonly samples: Int32Array;
  /** Unreadable patches met on the way. */
  readonly broken: readonly BrokenPatch[];
}

/** Thrown by a maker that was told to stop. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';
}

/** Patches being decoded while crops are made of earlier ones. */
const READ_AHEAD = 4;

interface ReadPatch {
  readonly image: RgbImage;
  readonly sample: number;
  readonly broken: readonly BrokenPatch[];
}

/** Makes batches one at a time. */
export class BatchMaker {
  readonly #setup: BatchSetup;
  readonly #patches: PatchSet;
  readonly #table: NormalizeTable;
  readonly #recipes: readonly CropRecipe[];
  readonly #scratch = new Scratch();

  private constructor(setup: BatchSetup, patches: PatchSet) {
    const { global1, global2, local, localCrops, mean, std } = setup.augmentation;
    this.#setup = setup;
    this.#patches = patches;
    this.#table = normalizeTable(mean, std);
    this.#recipes = [global1, global2, ...Array.from({ length: localCrops }, () => local)];
  }

  static async open(setup: BatchSetup): Promise<BatchMaker> {
    return new BatchMaker(setup, await openPatches(setup.patches));
  }

  /**
   * The batch of `task`; depends on nothing but setup and task.
   *
   * @throws DataError when as many patches in a row are unreadable as end a run; StoppedError when told to stop.
   */
  async make({ samples }: BatchTask): Promise<BatchPixels> {
    const { global1, local, localCrops } = this.#setup.augmentation;
    const size = samples.length;
    const pixels = {
      global: new Float32Array(2 * size * 3 * global1.sizePx ** 2),
      local: new Float32Array(localCrops * size * 3 * local.sizePx ** 2),
      samples: new Int32Array(size),
    };
    const broken: BrokenPatch[] = [];
    const ahead: Promise<ReadPatch>[] = [];
    try {
      for (let slot = 0; slot < size; slot++) {
        for (let next = slot + ahead.length; ahead.length <= READ_AHEAD && next < size; next++) {
          const reading = this.#readUsable(samples[next]!.sample);
          // Thrown when its turn comes; until then it must not count as unhandled.
          reading.catch(() => undefined);
          ahead.push(reading);
        }
        const patch = await ahead.shift()!;
        this.#checkStop();
        pixels.samples[slot] = patch.sample;
        broken.push(...patch.broken);
        this.#renderSlot(patch.image, samples[slot]!, slot, size, pixels);
      }
    } finally {
      await Promise.allSettled(ahead);
    }
    return { ...pixels, broken };
  }

  close(): Promise<void> {
    return this.#patches.close();
  }

  #checkStop(): void {
    if (Atomics.load(this.#setup.stop, 0) !== 0) throw new StoppedError('the loader was closed');
  }

  /** All crops of one patch, each at its place in the batch. */
  #renderSlot(
    image: RgbImage,
    { pass, sample }: OrderedSample,
    slot: number,
    size: number,
    { global, local }: { global: Float32Array; local: Float32Array },
  ): void {
    const packed = packImage(image, this.#scratch.patchWords(image.widthPx * image.heightPx));
    this.#recipes.forEach((recipe, view) => {
      const rng = cropRng({ seed: this.#setup.seed, pass, sample, view });
      const crop = renderCrop(packed, drawCropPlan(rng, recipe, image), this.#scratch);
      const row = (view < 2 ? view : view - 2) * size + slot;
      normalizeInto(crop, this.#table, view < 2 ? global : local, row * crop.length);
    });
  }

  /** Reads the patch, or the next one in the source that can be read. */
  async #readUsable(wanted: number): Promise<ReadPatch> {
    const { count } = this.#patches;
    const { brokenAllowance } = this.#setup;
    const broken: BrokenPatch[] = [];
    for (let step = 0; step < count && broken.length <= brokenAllowance; step++) {
      const sample = (wanted + step) % count;
      try {
        return { image: await this.#patches.read(sample), sample, broken };
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        broken.push({ sample, id: this.#patches.id(sample), reason: error.found });
      }
    }
    throw tooManyBroken(broken, Math.min(brokenAllowance, count - 1), count);
  }
}
