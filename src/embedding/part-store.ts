/**
 * Finished blocks of rows of a long job, each a file that appears whole or not at all, so that a killed job goes on
 * where it stopped.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../core/atomic-file.ts';
import { UsageError } from '../errors.ts';

/** Blocks of float32 rows in a folder. */
export class PartStore {
  readonly #folder: string;
  readonly #rowsPerPart: number;
  readonly #width: number;

  private constructor(folder: string, rowsPerPart: number, width: number) {
    this.#folder = folder;
    this.#rowsPerPart = rowsPerPart;
    this.#width = width;
  }

  /**
   * Opens or starts the store in `folder`.
   *
   * @param plan everything the rows depend on; saved with the first block.
   * @param overwrite start anew when the saved plan differs.
   * @throws UsageError when it differs otherwise.
   */
  static async open(
    folder: string,
    plan: unknown,
    options: { rowsPerPart: number; width: number; overwrite: boolean },
  ): Promise<PartStore> {
    const planPath = join(folder, 'plan.json');
    const text = JSON.stringify(plan, null, 2);
    if (existsSync(planPath) && (await readFile(planPath, 'utf8')) !== text) {
      if (!options.overwrite) {
        throw new UsageError('embed', {
          need: 'the same settings as the unfinished job',
          found: `other ones in ${planPath}`,
          next: 'repeat its settings, or start anew with --overwrite',
        });
      }
      await rm(folder, { recursive: true });
    }
    await mkdir(folder, { recursive: true });
    if (!existsSync(planPath)) await writeFileAtomically(planPath, text);
    return new PartStore(folder, options.rowsPerPart, options.width);
  }

  #path(part: number): string {
    return join(this.#folder, `${String(part).padStart(6, '0')}.f32`);
  }

  #rowsIn(part: number, total: number): number {
    return Math.min(this.#rowsPerPart, total - part * this.#rowsPerPart);
  }

  /** Number of leading rows already saved, out of `total`. */
  async finishedRows(total: number): Promise<number> {
    let rows = 0;
    for (let part = 0; rows < total; part++) {
      const wanted = this.#rowsIn(part, total);
      const size = await stat(this.#path(part)).then(
        (s) => s.size,
        () => -1,
      );
      if (size !== wanted * this.#width * 4) break;
      rows += wanted;
    }
    return rows;
  }

  /** Saves one block; `firstRow` is a multiple of the block size. */
  async save(firstRow: number, values: Float32Array): Promise<void> {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    await writeFileAtomically(this.#path(firstRow / this.#rowsPerPart), bytes);
  }

  /** All rows of a finished job. */
  async readAll(total: number): Promise<Float32Array> {
    const values = new Float32Array(total * this.#width);
    const bytes = new Uint8Array(values.buffer);
    for (let row = 0, part = 0; row < total; row += this.#rowsIn(part, total), part++) {
      bytes.set(await readFile(this.#path(part)), row * this.#width * 4);
    }
    return values;
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
