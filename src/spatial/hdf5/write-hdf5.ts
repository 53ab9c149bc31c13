/** Writing HDF5 files whole or not at all, with the same bytes for the same input. */
import { writeAtomically } from '../../core/atomic-file.ts';
import { DataError } from '../../errors.ts';
import { WorkerFailure } from '../guard/guarded-worker.ts';
import { requestLimitMs } from '../guard/worker-pool.ts';
import { makeBooleanTypes } from './boolean-type.ts';
import { hdf5Workers } from './hdf5-file.ts';
import type { Hdf5WriteDataset, Hdf5WriteGroup } from './hdf5-messages.ts';

function bytesOf(node: Hdf5WriteDataset | Hdf5WriteGroup): number {
  if (node.kind === 'group')
    return Object.values(node.children).reduce((sum, child) => sum + bytesOf(child), 0);
  return ArrayBuffer.isView(node.data) ? node.data.byteLength : 32 * node.data.length;
}

/**
 * Writes a tree of groups and data sets. The file's folder is made where it is missing.
 *
 * @throws DataError when the library refuses the tree, e.g. a list of names longer than an attribute can hold (64 kB).
 */
export async function writeHdf5(path: string, operation: string, root: Hdf5WriteGroup): Promise<void> {
  await writeAtomically(path, async (temporary) => {
    await hdf5Workers.with(async (worker) => {
      try {
        await worker.request({ kind: 'write', file: temporary, root }, requestLimitMs(bytesOf(root)));
      } catch (error) {
        if (!(error instanceof WorkerFailure)) throw error;
        throw new DataError(operation, {
          need: `values that HDF5 can store in ${path}`,
          found: error.message.split('\n').at(-1)!.trim() || error.message.split('\n')[0]!,
          cause: error,
        });
      }
    });
    await makeBooleanTypes(temporary);
  });
}
