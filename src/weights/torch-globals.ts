/** The allow-list: names in a PyTorch checkpoint that mean something here. All others become placeholders. */
import type { FileBytes } from './file-bytes.ts';
import { applied, Builder, Placeholder } from './pickle-values.ts';
import type { StoredDtype } from './stored-tensor.ts';
import { type Layout, TorchStorage, TorchTensor } from './torch-tensor.ts';

/** An element type by PyTorch's name of it or of the storage that holds it. */
export class TorchType {
  readonly dtype: StoredDtype;

  constructor(dtype: StoredDtype) {
    this.dtype = dtype;
  }
}

const TYPES: Readonly<Record<string, StoredDtype>> = {
  DoubleStorage: 'F64',
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
  UntypedStorage: 'U8',
  _UntypedStorage: 'U8',
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint64: 'U64',
  uint32: 'U32',
  uint16: 'U16',
  uint8: 'U8',
  bool: 'BOOL',
};

const TYPE_MODULES = new Set(['torch', 'torch.cuda', 'torch.storage']);
const DICTS = new Set([
  'collections.OrderedDict',
  'collections.defaultdict',
  'builtins.dict',
  '__builtin__.dict',
]);

/** PyTorch's own limit on the number of axes. */
const MOST_AXES = 64;
/** Entries in all dicts that are built from lists of pairs; a list may be named many times. */
const MOST_PAIRS = 5_000_000;

function isSizes(value: unknown): value is readonly number[] {
  if (!Array.isArray(value) || value.length > MOST_AXES) return false;
  return value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function layoutOf(file: FileBytes, offset: unknown, shape: unknown, stride: unknown): Layout {
  if (isSizes([offset]) && isSizes(shape) && isSizes(stride) && shape.length === stride.length) {
    return { offset: offset as number, shape, stride };
  }
  throw file.refuse('a tensor with an offset, sizes and as many strides', 'one with other arguments');
}

/** (storage, offset, sizes, strides, ...), with the element type of the storage unless given. */
function rebuildTensor(file: FileBytes, args: readonly unknown[], type?: unknown): unknown {
  const [storage, offset, shape, stride] = args;
  const unknownType = [storage, type].find((part) => part instanceof Placeholder);
  if (unknownType instanceof Placeholder) return new Placeholder(`tensor of ${unknownType.name}`);
  if (!(storage instanceof TorchStorage)) throw file.refuse('a tensor over a storage', 'one without');
  const layout = layoutOf(file, offset, shape, stride);
  return new TorchTensor(file, storage, layout, type instanceof TorchType ? type.dtype : storage.dtype);
}

function dictBuilder(file: FileBytes): Builder {
  let built = 0;
  return new Builder(([pairs]) => {
    if (!Array.isArray(pairs)) return new Map(); // empty, or a default dict's factory
    built += pairs.length;
    if (built > MOST_PAIRS) throw file.refuse(`at most ${MOST_PAIRS} entries`, 'more');
    if (!pairs.every((pair) => Array.isArray(pair) && pair.length === 2)) {
      throw file.refuse('a dict of pairs', 'other items');
    }
    return new Map(pairs as [unknown, unknown][]);
  });
}

function tensorBuilders(file: FileBytes): Record<string, Builder> {
  const plain = new Builder((args) => rebuildTensor(file, args));
  const first = new Builder(([data]) => data);
  const ofSubclass: Builder = new Builder(([callee, , args]) => {
    const nested = callee === ofSubclass; // would call itself without end
    return applied(nested ? undefined : callee, Array.isArray(args) ? args : []);
  });
  return {
    'torch._utils._rebuild_tensor': plain,
    'torch._utils._rebuild_tensor_v2': plain,
    'torch._utils._rebuild_tensor_v3': new Builder((args) => rebuildTensor(file, args, args[6])),
    'torch._utils._rebuild_parameter': first,
    'torch._utils._rebuild_parameter_with_state': first,
    'torch._tensor._rebuild_from_type_v2': ofSubclass,
  };
}

/** Looks names up in the allow-list; `file` is what tensors will read from. */
export function torchGlobals(file: FileBytes): (module: string, name: string) => unknown {
  const builders = tensorBuilders(file);
  const dict = dictBuilder(file);
  return (module, name) => {
    const full = `${module}.${name}`;
    if (DICTS.has(full)) return dict;
    if (Object.hasOwn(builders, full)) return builders[full];
    if (TYPE_MODULES.has(module) && Object.hasOwn(TYPES, name)) return new TorchType(TYPES[name]!);
    return new Placeholder(full);
  };
}
