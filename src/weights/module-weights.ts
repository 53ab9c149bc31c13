/** A module's parameters to and from weight files. */
import { createHash } from 'node:crypto';
import type { Module } from '../nn/index.ts';
import { toBytes } from '../tensor/index.ts';
import { type CheckpointFormat, readCheckpoint } from './checkpoint.ts';
import { loadIntoModule } from './load-into-module.ts';
import { safetensorsPieces, type WriteOptions, writeSafetensors } from './safetensors-writer.ts';
import type { FloatDtype, StoredTensor } from './stored-tensor.ts';

/** All parameters by name; each access to `bytes` copies that parameter out of the compute engine. */
export function moduleTensors(module: Module): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  for (const [name, parameter] of module.namedParameters()) {
    tensors.set(name, {
      dtype: 'F32',
      shape: parameter.shape,
      get bytes() {
        return toBytes(parameter);
      },
    });
  }
  return tensors;
}

/**
 * Writes all parameters under their names as safetensors, whole or not at all.
 *
 * @param metadata texts kept beside them, e.g. the backbone's name.
 * @param options  `dtype`: type in the file, float32 by default.
 * @throws UsageError when the path cannot be written.
 */
export async function saveModule(
  module: Module,
  path: string,
  metadata: Readonly<Record<string, string>> = {},
  { dtype = 'F32' }: { readonly dtype?: FloatDtype } = {},
): Promise<void> {
  const options: WriteOptions = { metadata, dtype };
  await writeSafetensors(path, moduleTensors(module), options);
}

/**
 * Fingerprint of a module's parameters: SHA-256, in hexadecimal, of the file that {@link saveModule} writes without
 * metadata. It depends on names, shapes and float32 values alone, not on the file they came from.
 */
export function weightsSha256(module: Module): string {
  const hash = createHash('sha256');
  for (const piece of safetensorsPieces(moduleTensors(module))) hash.update(piece);
  return hash.digest('hex');
}

export interface LoadBackboneOptions {
  /** Part of the checkpoint to take; see `CheckpointOptions.under`. */
  readonly under?: string;
  /** Names the part may hold although the module has no such parameter. */
  readonly mayIgnore?: (name: string) => boolean;
}

/** What was loaded from where. */
export interface LoadedWeights {
  readonly path: string;
  readonly format: CheckpointFormat;
  /** {@link weightsSha256} of the module after loading. */
  readonly sha256: string;
  /** Names of the parameters that were filled, which are all. */
  readonly used: readonly string[];
  /** Names, as in the part that was taken, of tensors left out: heads and what has another prefix. */
  readonly ignored: readonly string[];
  /** Part of the checkpoint, e.g. `teacher`; empty for the whole file. */
  readonly foundUnder: string;
  /** Removed from the front of every name, e.g. `module.backbone.`. */
  readonly prefix: string;
  /** Texts of a safetensors file. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Fills all parameters of a module from a checkpoint of any known format, one tensor at a time. The module stays as
 * it was unless all names, shapes and types fit.
 *
 * @throws UsageError and DataError as `readCheckpoint`; DataError for missing and unknown parameters and ShapeError
 * for the first one of another shape, as `loadIntoModule`.
 * @example
 * const backbone = createBackbone('mv-hybrid');
 * const { sha256, foundUnder } = await loadBackboneWeights(backbone, 'teacher_checkpoint.pth');
 */
export async function loadBackboneWeights(
  module: Module,
  path: string,
  { under, mayIgnore = () => false }: LoadBackboneOptions = {},
): Promise<LoadedWeights> {
  const names = new Set(module.namedParameters().keys());
  const checkpoint = await readCheckpoint(path, { names, ...(under === undefined ? {} : { under }) });
  try {
    const { format, tensors, foundUnder, prefix, ignored, metadata } = checkpoint;
    const source = foundUnder === '' ? path : `${path} under "${foundUnder}"`;
    loadIntoModule(module, tensors, { source, mayIgnore });
    const extra = [...tensors.keys()].filter((name) => !names.has(name)).map((name) => prefix + name);
    return {
      path,
      format,
      sha256: weightsSha256(module),
      used: [...names],
      ignored: [...ignored, ...extra],
      foundUnder,
      prefix,
      metadata,
    };
  } finally {
    checkpoint.close();
  }
}
