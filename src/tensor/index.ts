/** Tensors on libtorch: the only folder that knows the native addon. */
export { backward, clearGradient, gradientOf, noGrad } from './autograd.ts';
export {
  item,
  shareTensor,
  type TensorOptions,
  tensor,
  toBytes,
  toFloat32Array,
  toFloat64Array,
} from './data.ts';
export { type Device, parseDevice } from './device.ts';
export {
  type DistributedBackend,
  distributedBackends,
  type GroupOptions,
  groupFromEnvironment,
  ProcessGroup,
} from './distributed.ts';
export { type Dtype, dtypeCode, dtypeNamed, type TypedArray } from './dtype.ts';
export { describeEngine, exponentials, operatorSchema, setThreads, threadCount } from './engine.ts';
export { Generator } from './generator.ts';
export type { EngineDescription } from './native.ts';
export * from './ops.generated.ts';
export { type OperatorTime, profileOperators } from './profile.ts';
export { recomputed, recomputing } from './recompute.ts';
export { keep, scope, tensorBytes, tensorCount } from './scope.ts';
export { Tensor } from './tensor.ts';
