/** Weight files: safetensors, PyTorch checkpoints, and loading them into modules. */
export {
  type Checkpoint,
  type CheckpointFormat,
  type CheckpointOptions,
  readCheckpoint,
} from './checkpoint.ts';
export { type LoadOptions, loadIntoModule } from './load-into-module.ts';
export {
  type LoadBackboneOptions,
  type LoadedWeights,
  loadBackboneWeights,
  moduleTensors,
  saveModule,
  weightsSha256,
} from './module-weights.ts';
export { openSafetensors, type SafetensorsFile } from './safetensors.ts';
export { type WriteOptions, writeSafetensors } from './safetensors-writer.ts';
export {
  countOf,
  type FloatDtype,
  STORED_WIDTHS,
  type StoredDtype,
  type StoredTensor,
  toFloat32,
  withFloatDtype,
} from './stored-tensor.ts';
