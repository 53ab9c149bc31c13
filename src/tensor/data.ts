/** Between typed arrays and tensors. */
import { ShapeError } from '../errors.ts';
import type { Device } from './device.ts';
import { type Dtype, dtypeCode, dtypeOf, type TypedArray } from './dtype.ts';
import { attempt } from './engine-error.ts';
import { adopt } from './invoke.ts';
import { native } from './native.ts';
import { toDtype } from './ops.generated.ts';
import type { Tensor } from './tensor.ts';

export interface TensorOptions {
  /** Meaning of the array's bytes where it is not the array's own, e.g. `bfloat16` in a Uint8Array. */
  readonly dtype?: Dtype;
  readonly device?: Device;
}

/** A tensor with a copy of `array`'s elements, row-major. */
export function tensor(array: TypedArray, shape: readonly number[], options: TensorOptions = {}): Tensor {
  const dtype = options.dtype ?? dtypeOf(array);
  return attempt('tensor', () =>
    adopt(native().fromBytes(array, shape, dtypeCode(dtype), options.device ?? 'cpu')),
  );
}

/** A CPU tensor over `array`'s own memory, without copying: a write on either side shows on both. */
export function shareTensor(array: TypedArray, shape: readonly number[]): Tensor {
  return attempt('shareTensor', () => adopt(native().shareBytes(array, shape, dtypeCode(dtypeOf(array)))));
}

function bufferOf(source: Tensor, share: boolean): ArrayBuffer {
  return attempt('read tensor', () => native().toBuffer(source.handle, share));
}

/** Elements as float32, row-major. Of a contiguous CPU float32 tensor, the memory itself (see `shareTensor`). */
export function toFloat32Array(source: Tensor, { share = false } = {}): Float32Array {
  const plain = source.dtype === 'float32' ? source : toDtype(source, 'float32');
  const array = new Float32Array(bufferOf(plain, share));
  if (plain !== source) plain.dispose();
  return array;
}

/** Elements as float64, row-major. */
export function toFloat64Array(source: Tensor): Float64Array {
  const plain = source.dtype === 'float64' ? source : toDtype(source, 'float64');
  const array = new Float64Array(bufferOf(plain, false));
  if (plain !== source) plain.dispose();
  return array;
}

/** The raw bytes, row-major, in the tensor's own dtype. */
export function toBytes(source: Tensor): Uint8Array {
  return new Uint8Array(bufferOf(source, false));
}

/**
 * The value of a tensor with one element.
 *
 * @throws ShapeError when it has more, or none.
 */
export function item(source: Tensor): number {
  const values = toFloat64Array(source);
  if (values.length !== 1)
    throw new ShapeError('item', {
      need: 'a tensor with one element',
      found: `[${source.shape.join(', ')}]`,
    });
  return values[0]!;
}
