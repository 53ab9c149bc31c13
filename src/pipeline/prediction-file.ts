/** Out-of-fold predictions on disk, and another run's as the benchmark compares with them. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { type Matrix, matrix } from '../core/matrix.ts';
import { DataError, UsageError } from '../errors.ts';
import type { Rival } from '../eval/index.ts';
import { readText } from '../spatial/text-file.ts';
import { openSafetensors, type StoredTensor, writeSafetensors } from '../weights/index.ts';

export const PREDICTIONS_FILE = 'predictions.safetensors';

/** Predictions of one fold; rows in the order of its test spots, columns its genes. */
export interface FoldValues {
  readonly split: string;
  readonly fold: string;
  readonly predicted: Matrix<Float32Array>;
}

const tensorName = (split: string, fold: string) => `${split}/${fold}`;

/** Writes one float32 tensor [test spots, genes] per fold, named `<split>/<fold>`. */
export async function writePredictions(folder: string, folds: readonly FoldValues[]): Promise<string> {
  const tensors = new Map<string, StoredTensor>();
  for (const { split, fold, predicted } of folds) {
    const { buffer, byteOffset, byteLength } = predicted.data;
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    tensors.set(tensorName(split, fold), { dtype: 'F32', shape: [predicted.rows, predicted.cols], bytes });
  }
  const path = join(folder, PREDICTIONS_FILE);
  await writeSafetensors(path, tensors, { metadata: { kind: 'out-of-fold predictions' } });
  return path;
}

const value = z
  .number()
  .nullable()
  .transform((v) => v ?? Number.NaN);
const rivalResult = z.object({
  kind: z.literal('expression benchmark'),
  protocol: z.record(z.string(), z.unknown()),
  splits: z.array(
    z.object({
      name: z.string(),
      folds: z.array(
        z.object({
          name: z.string(),
          testDigest: z.string(),
          genes: z.array(z.string()),
          scores: z.object({ pcc: value, pccTop: value, mse: value, mae: value, r2: value }),
        }),
      ),
    }),
  ),
});

const OPERATION = 'compare runs';

async function parseRival(path: string): Promise<z.infer<typeof rivalResult>> {
  if (!existsSync(path)) {
    throw new UsageError(OPERATION, {
      need: 'the result.json of a finished benchmark',
      found: `no file ${path}`,
    });
  }
  const text = await readText(path, OPERATION);
  try {
    return rivalResult.parse(JSON.parse(text));
  } catch (cause) {
    throw new DataError(OPERATION, {
      need: 'the result.json of `benchmark expression`',
      found: `another or damaged file ${path}`,
      next: 'run that benchmark again with this version',
      cause,
    });
  }
}

/**
 * Opens another run for comparison; close it when the benchmark is done.
 *
 * @param path its result.json; its predictions lie beside it.
 * @param folder where this run writes, which must be another folder.
 * @throws UsageError for missing files or the same folder, DataError for files of another kind.
 */
export async function openRival(path: string, folder: string): Promise<Rival & { close(): void }> {
  if (resolve(dirname(path)) === resolve(folder)) {
    throw new UsageError(OPERATION, {
      need: "another run's result.json",
      found: `that of the folder written to, ${folder}`,
      next: 'give this run another --out',
    });
  }
  const { protocol, splits } = await parseRival(path);
  const file = openSafetensors(join(dirname(path), PREDICTIONS_FILE));
  const predicted = (split: string, fold: string) => (): Matrix => {
    const stored = file.tensors.get(tensorName(split, fold));
    const [rows, cols] = stored?.shape ?? [];
    if (stored?.dtype !== 'F32' || rows === undefined || cols === undefined) {
      throw new DataError(OPERATION, {
        need: `predictions of fold "${fold}" of split ${split}`,
        found: `none in ${file.path}`,
        next: 'run that benchmark again',
      });
    }
    return matrix(rows, cols, new Float32Array(Uint8Array.from(stored.bytes).buffer));
  };
  return {
    label: `${String(protocol.backbone)} (${String(protocol.weights)})`,
    splits: splits.map(({ name, folds }) => ({
      name,
      folds: folds.map((fold) => ({ ...fold, predicted: predicted(name, fold.name) })),
    })),
    close: () => file.close(),
  };
}
