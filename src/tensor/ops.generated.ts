// Written by scripts/generate-ops.mjs from native/ops.json. Do not edit.
import type { Device } from './device.ts';
import { type Dtype, dtypeCode } from './dtype.ts';
import type { Generator } from './generator.ts';
import { adopt, adoptAll, adoptTuple, handles, invoke, operator, release } from './invoke.ts';
import type { Tensor } from './tensor.ts';

const OP_ADD = operator('aten::add', 'Tensor');
const OP_ADD_SCALAR = operator('aten::add', 'Scalar');
const OP_ADD_INTO = operator('aten::add_', 'Tensor');
const OP_SUB = operator('aten::sub', 'Tensor');
const OP_MUL = operator('aten::mul', 'Tensor');
const OP_MUL_SCALAR = operator('aten::mul', 'Scalar');
const OP_MUL_SCALAR_INTO = operator('aten::mul_', 'Scalar');
const OP_DIV = operator('aten::div', 'Tensor');
const OP_DIV_INTO = operator('aten::div_', 'Tensor');
const OP_DIV_SCALAR = operator('aten::div', 'Scalar');
const OP_NEG = operator('aten::neg', '');
const OP_EXP = operator('aten::exp', '');
const OP_LOG = operator('aten::log', '');
const OP_LOG1P = operator('aten::log1p', '');
const OP_SQRT = operator('aten::sqrt', '');
const OP_RSQRT = operator('aten::rsqrt', '');
const OP_ABS = operator('aten::abs', '');
const OP_SQUARE = operator('aten::square', '');
const OP_SIGMOID = operator('aten::sigmoid', '');
const OP_TANH = operator('aten::tanh', '');
const OP_SILU = operator('aten::silu', '');
const OP_SOFTPLUS = operator('aten::softplus', '');
const OP_GELU = operator('aten::gelu', '');
const OP_RELU = operator('aten::relu', '');
const OP_CLAMP = operator('aten::clamp', '');
const OP_ISFINITE = operator('aten::isfinite', '');
const OP_ALL = operator('aten::all', '');
const OP_SOFTMAX = operator('aten::softmax', 'int');
const OP_LOG_SOFTMAX = operator('aten::log_softmax', 'int');
const OP_MATMUL = operator('aten::matmul', '');
const OP_SUM_ALL = operator('aten::sum', '');
const OP_SUM = operator('aten::sum', 'dim_IntList');
const OP_MEAN_ALL = operator('aten::mean', '');
const OP_MEAN = operator('aten::mean', 'dim');
const OP_AMAX = operator('aten::amax', '');
const OP_ARGMAX = operator('aten::argmax', '');
const OP_VECTOR_NORM = operator('aten::linalg_vector_norm', '');
const OP_WEIGHT_NORM = operator('aten::_weight_norm', '');
const OP_CAT = operator('aten::cat', '');
const OP_STACK = operator('aten::stack', '');
const OP_CHUNK = operator('aten::chunk', '');
const OP_NARROW = operator('aten::narrow', '');
const OP_SELECT = operator('aten::select', 'int');
const OP_INDEX_SELECT = operator('aten::index_select', '');
const OP_INDEX_ADD = operator('aten::index_add', '');
const OP_WHERE = operator('aten::where', 'self');
const OP_FLIP = operator('aten::flip', '');
const OP_PERMUTE = operator('aten::permute', '');
const OP_TRANSPOSE = operator('aten::transpose', 'int');
const OP_RESHAPE = operator('aten::reshape', '');
const OP_EXPAND = operator('aten::expand', '');
const OP_CONTIGUOUS = operator('aten::contiguous', '');
const OP_UNSQUEEZE = operator('aten::unsqueeze', '');
const OP_SQUEEZE = operator('aten::squeeze', 'dim');
const OP_CLONE = operator('aten::clone', '');
const OP_DETACH = operator('aten::detach', '');
const OP_COPY_INTO = operator('aten::copy_', '');
const OP_ZERO_INTO = operator('aten::zero_', '');
const OP_FILL_INTO = operator('aten::fill_', 'Scalar');
const OP_UNIFORM_INTO = operator('aten::uniform_', '');
const OP_NORMAL_INTO = operator('aten::normal_', '');
const OP_BERNOULLI_INTO = operator('aten::bernoulli_', 'float');
const OP_CLAMP_INTO = operator('aten::clamp_', '');
const OP_FILL_DIAGONAL_INTO = operator('aten::fill_diagonal_', '');
const OP_ZEROS_LIKE = operator('aten::zeros_like', '');
const OP_TO_DTYPE = operator('aten::to', 'dtype');
const OP_ZEROS = operator('aten::zeros', '');
const OP_FULL = operator('aten::full', '');
const OP_ARANGE = operator('aten::arange', '');
const OP_EYE = operator('aten::eye', '');
const OP_UPSAMPLE_BICUBIC2D = operator('aten::upsample_bicubic2d', '');
const OP_CHOLESKY = operator('aten::linalg_cholesky', '');
const OP_CHOLESKY_SOLVE = operator('aten::cholesky_solve', '');
const OP_EIGH = operator('aten::linalg_eigh', '');
const OP_SVD = operator('aten::linalg_svd', '');
const OP_FOREACH_MUL_SCALAR_INTO = operator('aten::_foreach_mul_', 'Scalar');
const OP_FOREACH_ADD_INTO = operator('aten::_foreach_add_', 'List');
const OP_FOREACH_ADD_SCALAR_INTO = operator('aten::_foreach_add_', 'Scalar');
const OP_FOREACH_DIV_SCALAR_INTO = operator('aten::_foreach_div_', 'Scalar');
const OP_FOREACH_ADDCMUL_INTO = operator('aten::_foreach_addcmul_', 'Scalar');
const OP_FOREACH_ADDCDIV_INTO = operator('aten::_foreach_addcdiv_', 'Scalar');
const OP_FOREACH_SQRT = operator('aten::_foreach_sqrt', '');
const OP_FOREACH_NORM = operator('aten::_foreach_norm', 'Scalar');
const OP_FFT2 = operator('aten::fft_fft2', '');
const OP_IFFT2 = operator('aten::fft_ifft2', '');
const OP_VIEW_AS_REAL = operator('aten::view_as_real', '');
const OP_SELECTIVE_SCAN = operator('mvhybrid::selective_scan', '');
const OP_SELECTIVE_SCAN_COMPOSED = operator('mvhybrid::selective_scan_composed', '');
const OP_DEPTHWISE_CONV1D = operator('mvhybrid::depthwise_conv1d', '');
const OP_DEPTHWISE_CONV1D_COMPOSED = operator('mvhybrid::depthwise_conv1d_composed', '');
const OP_QUASI_SEPARABLE = operator('mvhybrid::quasi_separable', '');
const OP_QUASI_SEPARABLE_COMPOSED = operator('mvhybrid::quasi_separable_composed', '');
const OP_LINEAR = operator('mvhybrid::linear', '');
const OP_LINEAR_COMPOSED = operator('mvhybrid::linear_composed', '');
const OP_LAYER_NORM = operator('mvhybrid::layer_norm', '');
const OP_LAYER_NORM_COMPOSED = operator('mvhybrid::layer_norm_composed', '');
const OP_ATTENTION = operator('mvhybrid::attention', '');
const OP_ATTENTION_COMPOSED = operator('mvhybrid::attention_composed', '');
const OP_TOKEN_BLOCK_DFT = operator('mvhybrid::token_block_dft', '');
const OP_TOKEN_BLOCK_DFT_COMPOSED = operator('mvhybrid::token_block_dft_composed', '');
const OP_TOKEN_BLOCK_DFT_ADJOINT = operator('mvhybrid::token_block_dft_adjoint', '');
const OP_TOKEN_BLOCK_DFT_ADJOINT_COMPOSED = operator('mvhybrid::token_block_dft_adjoint_composed', '');
const OP_EINFFT = operator('mvhybrid::einfft', '');
const OP_EINFFT_COMPOSED = operator('mvhybrid::einfft_composed', '');
const OP_BLOCK_LINEAR = operator('mvhybrid::block_linear', '');
const OP_BLOCK_LINEAR_COMPOSED = operator('mvhybrid::block_linear_composed', '');

/** `aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor` */
export function add(self: Tensor, other: Tensor, options: { alpha?: number | undefined } = {}): Tensor {
  return adopt(invoke(OP_ADD, [self.handle, other.handle, options.alpha]));
}

/** `aten::add.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor` */
export function addScalar(self: Tensor, other: number, options: { alpha?: number | undefined } = {}): Tensor {
  return adopt(invoke(OP_ADD_SCALAR, [self.handle, other, options.alpha]));
}

/** `aten::add_.Tensor(Tensor(a!) self, Tensor other, *, Scalar alpha=1) -> Tensor(a!)` */
export function addInto(self: Tensor, other: Tensor, options: { alpha?: number | undefined } = {}): Tensor {
  release(invoke(OP_ADD_INTO, [self.handle, other.handle, options.alpha]));
  return self;
}

/** `aten::sub.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor` */
export function sub(self: Tensor, other: Tensor, options: { alpha?: number | undefined } = {}): Tensor {
  return adopt(invoke(OP_SUB, [self.handle, other.handle, options.alpha]));
}

/** `aten::mul.Tensor(Tensor self, Tensor other) -> Tensor` */
export function mul(self: Tensor, other: Tensor): Tensor {
  return adopt(invoke(OP_MUL, [self.handle, other.handle]));
}

/** `aten::mul.Scalar(Tensor self, Scalar other) -> Tensor` */
export function mulScalar(self: Tensor, other: number): Tensor {
  return adopt(invoke(OP_MUL_SCALAR, [self.handle, other]));
}

/** `aten::mul_.Scalar(Tensor(a!) self, Scalar other) -> Tensor(a!)` */
export function mulScalarInto(self: Tensor, other: number): Tensor {
  release(invoke(OP_MUL_SCALAR_INTO, [self.handle, other]));
  return self;
}

/** `aten::div.Tensor(Tensor self, Tensor other) -> Tensor` */
export function div(self: Tensor, other: Tensor): Tensor {
  return adopt(invoke(OP_DIV, [self.handle, other.handle]));
}

/** `aten::div_.Tensor(Tensor(a!) self, Tensor other) -> Tensor(a!)` */
export function divInto(self: Tensor, other: Tensor): Tensor {
  release(invoke(OP_DIV_INTO, [self.handle, other.handle]));
  return self;
}

/** `aten::div.Scalar(Tensor self, Scalar other) -> Tensor` */
export function divScalar(self: Tensor, other: number): Tensor {
  return adopt(invoke(OP_DIV_SCALAR, [self.handle, other]));
}

/** `aten::neg(Tensor self) -> Tensor` */
export function neg(self: Tensor): Tensor {
  return adopt(invoke(OP_NEG, [self.handle]));
}

/** `aten::exp(Tensor self) -> Tensor` */
export function exp(self: Tensor): Tensor {
  return adopt(invoke(OP_EXP, [self.handle]));
}

/** `aten::log(Tensor self) -> Tensor` */
export function log(self: Tensor): Tensor {
  return adopt(invoke(OP_LOG, [self.handle]));
}

/** `aten::log1p(Tensor self) -> Tensor` */
export function log1p(self: Tensor): Tensor {
  return adopt(invoke(OP_LOG1P, [self.handle]));
}

/** `aten::sqrt(Tensor self) -> Tensor` */
export function sqrt(self: Tensor): Tensor {
  return adopt(invoke(OP_SQRT, [self.handle]));
}

/** `aten::rsqrt(Tensor self) -> Tensor` */
export function rsqrt(self: Tensor): Tensor {
  return adopt(invoke(OP_RSQRT, [self.handle]));
}

/** `aten::abs(Tensor self) -> Tensor` */
export function abs(self: Tensor): Tensor {
  return adopt(invoke(OP_ABS, [self.handle]));
}

/** `aten::square(Tensor self) -> Tensor` */
export function square(self: Tensor): Tensor {
  return adopt(invoke(OP_SQUARE, [self.handle]));
}

/** `aten::sigmoid(Tensor self) -> Tensor` */
export function sigmoid(self: Tensor): Tensor {
  return adopt(invoke(OP_SIGMOID, [self.handle]));
}

/** `aten::tanh(Tensor self) -> Tensor` */
export function tanh(self: Tensor): Tensor {
  return adopt(invoke(OP_TANH, [self.handle]));
}

/** `aten::silu(Tensor self) -> Tensor` */
export function silu(self: Tensor): Tensor {
  return adopt(invoke(OP_SILU, [self.handle]));
}

/** `aten::softplus(Tensor self, Scalar beta=1, Scalar threshold=20) -> Tensor` */
export function softplus(self: Tensor, options: { beta?: number | undefined; threshold?: number | undefined } = {}): Tensor {
  return adopt(invoke(OP_SOFTPLUS, [self.handle, options.beta, options.threshold]));
}

/** `aten::gelu(Tensor self, *, str approximate="none") -> Tensor` */
export function gelu(self: Tensor, options: { approximate?: string | undefined } = {}): Tensor {
  return adopt(invoke(OP_GELU, [self.handle, options.approximate]));
}

/** `aten::relu(Tensor self) -> Tensor` */
export function relu(self: Tensor): Tensor {
  return adopt(invoke(OP_RELU, [self.handle]));
}

/** `aten::clamp(Tensor self, Scalar? min=None, Scalar? max=None) -> Tensor` */
export function clamp(self: Tensor, options: { min?: number | undefined; max?: number | undefined } = {}): Tensor {
  return adopt(invoke(OP_CLAMP, [self.handle, options.min, options.max]));
}

/** `aten::isfinite(Tensor self) -> Tensor` */
export function isfinite(self: Tensor): Tensor {
  return adopt(invoke(OP_ISFINITE, [self.handle]));
}

/** `aten::all(Tensor self) -> Tensor` */
export function all(self: Tensor): Tensor {
  return adopt(invoke(OP_ALL, [self.handle]));
}

/** `aten::softmax.int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor` */
export function softmax(self: Tensor, dim: number, options: { dtype?: Dtype | undefined } = {}): Tensor {
  return adopt(invoke(OP_SOFTMAX, [self.handle, dim, options.dtype === undefined ? undefined : dtypeCode(options.dtype)]));
}

/** `aten::log_softmax.int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor` */
export function logSoftmax(self: Tensor, dim: number, options: { dtype?: Dtype | undefined } = {}): Tensor {
  return adopt(invoke(OP_LOG_SOFTMAX, [self.handle, dim, options.dtype === undefined ? undefined : dtypeCode(options.dtype)]));
}

/** `aten::matmul(Tensor self, Tensor other) -> Tensor` */
export function matmul(self: Tensor, other: Tensor): Tensor {
  return adopt(invoke(OP_MATMUL, [self.handle, other.handle]));
}

/** `aten::sum(Tensor self, *, ScalarType? dtype=None) -> Tensor` */
export function sumAll(self: Tensor, options: { dtype?: Dtype | undefined } = {}): Tensor {
  return adopt(invoke(OP_SUM_ALL, [self.handle, options.dtype === undefined ? undefined : dtypeCode(options.dtype)]));
}

/** `aten::sum.dim_IntList(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor` */
export function sum(self: Tensor, dim: readonly number[] | undefined, options: { keepdim?: boolean | undefined; dtype?: Dtype | undefined } = {}): Tensor {
  return adopt(invoke(OP_SUM, [self.handle, dim, options.keepdim, options.dtype === undefined ? undefined : dtypeCode(options.dtype)]));
}

/** `aten::mean(Tensor self, *, ScalarType? dtype=None) -> Tensor` */
export function meanAll(self: Tensor, options: { dtype?: Dtype | undefined } = {}): Tensor {
  return adopt(invoke(OP_MEAN_ALL, [self.handle, options.dtype === undefined ? undefined : dtypeCode(options.dtype)]));
}

/** `aten::mean.dim(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor` */
export function mean(self: Tensor, dim: readonly number[] | undefined, options: { keepdim?: boolean | undefined; dtype?: Dtype | undefined } = {}): Tensor {
  return adopt(invoke(OP_MEAN, [self.handle, dim, options.keepdim, options.dtype === undefined ? undefined : dtypeCode(options.dtype)]));
}

/** `aten::amax(Tensor self, int[1] dim=[], bool keepdim=False) -> Tensor` */
export function amax(self: Tensor, options: { dim?: readonly number[] | undefined; keepdim?: boolean | undefined } = {}): Tensor {
  return adopt(invoke(OP_AMAX, [self.handle, options.dim, options.keepdim]));
}

/** `aten::argmax(Tensor self, int? dim=None, bool keepdim=False) -> Tensor` */
export function argmax(self: Tensor, options: { dim?: number | undefined; keepdim?: boolean | undefined } = {}): Tensor {
  return adopt(invoke(OP_ARGMAX, [self.handle, options.dim, options.keepdim]));
}

/** `aten::linalg_vector_norm(Tensor self, Scalar ord=2, int[1]? dim=None, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor` */
export function vectorNorm(self: Tensor, options: { ord?: number | undefined; dim?: readonly number[] | undefined; keepdim?: boolean | undefined; dtype?: Dtype | undefined } = {}): Tensor {
  return adopt(invoke(OP_VECTOR_NORM, [self.handle, options.ord, options.dim, options.keepdim, options.dtype === undefined ? undefined : dtypeCode(options.dtype)]));
}

/** `aten::_weight_norm(Tensor v, Tensor g, int dim=0) -> Tensor` */
export function weightNorm(v: Tensor, g: Tensor, options: { dim?: number | undefined } = {}): Tensor {
  return adopt(invoke(OP_WEIGHT_NORM, [v.handle, g.handle, options.dim]));
}

/** `aten::cat(Tensor[] tensors, int dim=0) -> Tensor` */
export function cat(tensors: readonly Tensor[], options: { dim?: number | undefined } = {}): Tensor {
  return adopt(invoke(OP_CAT, [handles(tensors), options.dim]));
}

/** `aten::stack(Tensor[] tensors, int dim=0) -> Tensor` */
export function stack(tensors: readonly Tensor[], options: { dim?: number | undefined } = {}): Tensor {
  return adopt(invoke(OP_STACK, [handles(tensors), options.dim]));
}

/** `aten::chunk(Tensor(a -> *) self, int chunks, int dim=0) -> Tensor(a)[]` */
export function chunk(self: Tensor, chunks: number, options: { dim?: number | undefined } = {}): Tensor[] {
  return adoptAll(invoke(OP_CHUNK, [self.handle, chunks, options.dim]));
}

/** `aten::narrow(Tensor(a) self, int dim, int start, int length) -> Tensor(a)` */
export function narrow(self: Tensor, dim: number, start: number, length: number): Tensor {
  return adopt(invoke(OP_NARROW, [self.handle, dim, start, length]));
}

/** `aten::select.int(Tensor(a) self, int dim, int index) -> Tensor(a)` */
export function select(self: Tensor, dim: number, index: number): Tensor {
  return adopt(invoke(OP_SELECT, [self.handle, dim, index]));
}

/** `aten::index_select(Tensor self, int dim, Tensor index) -> Tensor` */
export function indexSelect(self: Tensor, dim: number, index: Tensor): Tensor {
  return adopt(invoke(OP_INDEX_SELECT, [self.handle, dim, index.handle]));
}

/** `aten::index_add(Tensor self, int dim, Tensor index, Tensor source, *, Scalar alpha=1) -> Tensor` */
export function indexAdd(self: Tensor, dim: number, index: Tensor, source: Tensor, options: { alpha?: number | undefined } = {}): Tensor {
  return adopt(invoke(OP_INDEX_ADD, [self.handle, dim, index.handle, source.handle, options.alpha]));
}

/** `aten::where.self(Tensor condition, Tensor self, Tensor other) -> Tensor` */
export function where(condition: Tensor, self: Tensor, other: Tensor): Tensor {
  return adopt(invoke(OP_WHERE, [condition.handle, self.handle, other.handle]));
}

/** `aten::flip(Tensor self, int[] dims) -> Tensor` */
export function flip(self: Tensor, dims: readonly number[]): Tensor {
  return adopt(invoke(OP_FLIP, [self.handle, dims]));
}

/** `aten::permute(Tensor(a) self, int[] dims) -> Tensor(a)` */
export function permute(self: Tensor, dims: readonly number[]): Tensor {
  return adopt(invoke(OP_PERMUTE, [self.handle, dims]));
}

/** `aten::transpose.int(Tensor(a) self, int dim0, int dim1) -> Tensor(a)` */
export function transpose(self: Tensor, dim0: number, dim1: number): Tensor {
  return adopt(invoke(OP_TRANSPOSE, [self.handle, dim0, dim1]));
}

/** `aten::reshape(Tensor(a) self, SymInt[] shape) -> Tensor(a)` */
export function reshape(self: Tensor, shape: readonly number[]): Tensor {
  return adopt(invoke(OP_RESHAPE, [self.handle, shape]));
}

/** `aten::expand(Tensor(a) self, SymInt[] size, *, bool implicit=False) -> Tensor(a)` */
export function expand(self: Tensor, size: readonly number[], options: { implicit?: boolean | undefined } = {}): Tensor {
  return adopt(invoke(OP_EXPAND, [self.handle, size, options.implicit]));
}

/** `aten::contiguous(Tensor(a) self, *, MemoryFormat memory_format=0) -> Tensor(a)` */
export function contiguous(self: Tensor): Tensor {
  return adopt(invoke(OP_CONTIGUOUS, [self.handle]));
}

/** `aten::unsqueeze(Tensor(a) self, int dim) -> Tensor(a)` */
export function unsqueeze(self: Tensor, dim: number): Tensor {
  return adopt(invoke(OP_UNSQUEEZE, [self.handle, dim]));
}

/** `aten::squeeze.dim(Tensor(a) self, int dim) -> Tensor(a)` */
export function squeeze(self: Tensor, dim: number): Tensor {
  return adopt(invoke(OP_SQUEEZE, [self.handle, dim]));
}

/** `aten::clone(Tensor self, *, MemoryFormat? memory_format=None) -> Tensor` */
export function clone(self: Tensor): Tensor {
  return adopt(invoke(OP_CLONE, [self.handle]));
}

/** `aten::detach(Tensor(a) self) -> Tensor(a)` */
export function detach(self: Tensor): Tensor {
  return adopt(invoke(OP_DETACH, [self.handle]));
}

/** `aten::copy_(Tensor(a!) self, Tensor src, bool non_blocking=False) -> Tensor(a!)` */
export function copyInto(self: Tensor, src: Tensor): Tensor {
  release(invoke(OP_COPY_INTO, [self.handle, src.handle]));
  return self;
}

/** `aten::zero_(Tensor(a!) self) -> Tensor(a!)` */
export function zeroInto(self: Tensor): Tensor {
  release(invoke(OP_ZERO_INTO, [self.handle]));
  return self;
}

/** `aten::fill_.Scalar(Tensor(a!) self, Scalar value) -> Tensor(a!)` */
export function fillInto(self: Tensor, value: number): Tensor {
  release(invoke(OP_FILL_INTO, [self.handle, value]));
  return self;
}

/** `aten::uniform_(Tensor(a!) self, float from=0., float to=1., *, Generator? generator=None) -> Tensor(a!)` */
export function uniformInto(self: Tensor, options: { from?: number | undefined; to?: number | undefined; generator?: Generator | undefined } = {}): Tensor {
  release(invoke(OP_UNIFORM_INTO, [self.handle, options.from, options.to, options.generator?.handle]));
  return self;
}

/** `aten::normal_(Tensor(a!) self, float mean=0., float std=1., *, Generator? generator=None) -> Tensor(a!)` */
export function normalInto(self: Tensor, options: { mean?: number | undefined; std?: number | undefined; generator?: Generator | undefined } = {}): Tensor {
  release(invoke(OP_NORMAL_INTO, [self.handle, options.mean, options.std, options.generator?.handle]));
  return self;
}

/** `aten::bernoulli_.float(Tensor(a!) self, float p=0.5, *, Generator? generator=None) -> Tensor(a!)` */
export function bernoulliInto(self: Tensor, options: { p?: number | undefined; generator?: Generator | undefined } = {}): Tensor {
  release(invoke(OP_BERNOULLI_INTO, [self.handle, options.p, options.generator?.handle]));
  return self;
}

/** `aten::clamp_(Tensor(a!) self, Scalar? min=None, Scalar? max=None) -> Tensor(a!)` */
export function clampInto(self: Tensor, options: { min?: number | undefined; max?: number | undefined } = {}): Tensor {
  release(invoke(OP_CLAMP_INTO, [self.handle, options.min, options.max]));
  return self;
}

/** `aten::fill_diagonal_(Tensor(a!) self, Scalar fill_value, bool wrap=False) -> Tensor(a!)` */
export function fillDiagonalInto(self: Tensor, fillValue: number, options: { wrap?: boolean | undefined } = {}): Tensor {
  release(invoke(OP_FILL_DIAGONAL_INTO, [self.handle, fillValue, options.wrap]));
  return self;
}

/** `aten::zeros_like(Tensor self, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None, MemoryFormat? memory_format=None) -> Tensor` */
export function zerosLike(self: Tensor, options: { dtype?: Dtype | undefined; device?: Device | undefined } = {}): Tensor {
  return adopt(invoke(OP_ZEROS_LIKE, [self.handle, options.dtype === undefined ? undefined : dtypeCode(options.dtype), undefined, options.device]));
}

/** `aten::to.dtype(Tensor(a) self, ScalarType dtype, bool non_blocking=False, bool copy=False, MemoryFormat? memory_format=None) -> Tensor(a)` */
export function toDtype(self: Tensor, dtype: Dtype, options: { copy?: boolean | undefined } = {}): Tensor {
  return adopt(invoke(OP_TO_DTYPE, [self.handle, dtypeCode(dtype), undefined, options.copy]));
}

/** `aten::zeros(SymInt[] size, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor` */
export function zeros(size: readonly number[], options: { dtype?: Dtype | undefined; device?: Device | undefined } = {}): Tensor {
  return adopt(invoke(OP_ZEROS, [size, options.dtype === undefined ? undefined : dtypeCode(options.dtype), undefined, options.device]));
}

/** `aten::full(SymInt[] size, Scalar fill_value, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor` */
export function full(size: readonly number[], fillValue: number, options: { dtype?: Dtype | undefined; device?: Device | undefined } = {}): Tensor {
  return adopt(invoke(OP_FULL, [size, fillValue, options.dtype === undefined ? undefined : dtypeCode(options.dtype), undefined, options.device]));
}

/** `aten::arange(Scalar end, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor` */
export function arange(end: number, options: { dtype?: Dtype | undefined; device?: Device | undefined } = {}): Tensor {
  return adopt(invoke(OP_ARANGE, [end, options.dtype === undefined ? undefined : dtypeCode(options.dtype), undefined, options.device]));
}

/** `aten::eye(int n, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor` */
export function eye(n: number, options: { dtype?: Dtype | undefined; device?: Device | undefined } = {}): Tensor {
  return adopt(invoke(OP_EYE, [n, options.dtype === undefined ? undefined : dtypeCode(options.dtype), undefined, options.device]));
}

/** `aten::upsample_bicubic2d(Tensor self, SymInt[2] output_size, bool align_corners, float? scales_h=None, float? scales_w=None) -> Tensor` */
export function upsampleBicubic2d(self: Tensor, outputSize: readonly number[], alignCorners: boolean, options: { scalesH?: number | undefined; scalesW?: number | undefined } = {}): Tensor {
  return adopt(invoke(OP_UPSAMPLE_BICUBIC2D, [self.handle, outputSize, alignCorners, options.scalesH, options.scalesW]));
}

/** `aten::linalg_cholesky(Tensor self, *, bool upper=False) -> Tensor` */
export function cholesky(self: Tensor, options: { upper?: boolean | undefined } = {}): Tensor {
  return adopt(invoke(OP_CHOLESKY, [self.handle, options.upper]));
}

/** `aten::cholesky_solve(Tensor self, Tensor input2, bool upper=False) -> Tensor` */
export function choleskySolve(self: Tensor, input2: Tensor, options: { upper?: boolean | undefined } = {}): Tensor {
  return adopt(invoke(OP_CHOLESKY_SOLVE, [self.handle, input2.handle, options.upper]));
}

/** `aten::linalg_eigh(Tensor self, str UPLO="L") -> (Tensor eigenvalues, Tensor eigenvectors)` */
export function eigh(self: Tensor, options: { UPLO?: string | undefined } = {}): [Tensor, Tensor] {
  return adoptTuple(invoke(OP_EIGH, [self.handle, options.UPLO]));
}

/** `aten::linalg_svd(Tensor A, bool full_matrices=True, *, str? driver=None) -> (Tensor U, Tensor S, Tensor Vh)` */
export function svd(A: Tensor, options: { fullMatrices?: boolean | undefined; driver?: string | undefined } = {}): [Tensor, Tensor, Tensor] {
  return adoptTuple(invoke(OP_SVD, [A.handle, options.fullMatrices, options.driver]));
}

/** `aten::_foreach_mul_.Scalar(Tensor(a!)[] self, Scalar scalar) -> ()` */
export function foreachMulScalarInto(self: readonly Tensor[], scalar: number): void {
  invoke(OP_FOREACH_MUL_SCALAR_INTO, [handles(self), scalar]);
}

/** `aten::_foreach_add_.List(Tensor(a!)[] self, Tensor[] other, *, Scalar alpha=1) -> ()` */
export function foreachAddInto(self: readonly Tensor[], other: readonly Tensor[], options: { alpha?: number | undefined } = {}): void {
  invoke(OP_FOREACH_ADD_INTO, [handles(self), handles(other), options.alpha]);
}

/** `aten::_foreach_add_.Scalar(Tensor(a!)[] self, Scalar scalar) -> ()` */
export function foreachAddScalarInto(self: readonly Tensor[], scalar: number): void {
  invoke(OP_FOREACH_ADD_SCALAR_INTO, [handles(self), scalar]);
}

/** `aten::_foreach_div_.Scalar(Tensor(a!)[] self, Scalar scalar) -> ()` */
export function foreachDivScalarInto(self: readonly Tensor[], scalar: number): void {
  invoke(OP_FOREACH_DIV_SCALAR_INTO, [handles(self), scalar]);
}

/** `aten::_foreach_addcmul_.Scalar(Tensor(a!)[] self, Tensor[] tensor1, Tensor[] tensor2, Scalar value=1) -> ()` */
export function foreachAddcmulInto(self: readonly Tensor[], tensor1: readonly Tensor[], tensor2: readonly Tensor[], options: { value?: number | undefined } = {}): void {
  invoke(OP_FOREACH_ADDCMUL_INTO, [handles(self), handles(tensor1), handles(tensor2), options.value]);
}

/** `aten::_foreach_addcdiv_.Scalar(Tensor(a!)[] self, Tensor[] tensor1, Tensor[] tensor2, Scalar value=1) -> ()` */
export function foreachAddcdivInto(self: readonly Tensor[], tensor1: readonly Tensor[], tensor2: readonly Tensor[], options: { value?: number | undefined } = {}): void {
  invoke(OP_FOREACH_ADDCDIV_INTO, [handles(self), handles(tensor1), handles(tensor2), options.value]);
}

/** `aten::_foreach_sqrt(Tensor[] self) -> Tensor[]` */
export function foreachSqrt(self: readonly Tensor[]): Tensor[] {
  return adoptAll(invoke(OP_FOREACH_SQRT, [handles(self)]));
}

/** `aten::_foreach_norm.Scalar(Tensor[] self, Scalar ord=2) -> Tensor[]` */
export function foreachNorm(self: readonly Tensor[], options: { ord?: number | undefined } = {}): Tensor[] {
  return adoptAll(invoke(OP_FOREACH_NORM, [handles(self), options.ord]));
}

/** `aten::fft_fft2(Tensor self, int[1]? s=None, int[1] dim=[-2, -1], str? norm=None) -> Tensor` */
export function fft2(self: Tensor, options: { s?: readonly number[] | undefined; dim?: readonly number[] | undefined; norm?: string | undefined } = {}): Tensor {
  return adopt(invoke(OP_FFT2, [self.handle, options.s, options.dim, options.norm]));
}

/** `aten::fft_ifft2(Tensor self, int[1]? s=None, int[1] dim=[-2, -1], str? norm=None) -> Tensor` */
export function ifft2(self: Tensor, options: { s?: readonly number[] | undefined; dim?: readonly number[] | undefined; norm?: string | undefined } = {}): Tensor {
  return adopt(invoke(OP_IFFT2, [self.handle, options.s, options.dim, options.norm]));
}

/** `aten::view_as_real(Tensor(a) self) -> Tensor(a)` */
export function viewAsReal(self: Tensor): Tensor {
  return adopt(invoke(OP_VIEW_AS_REAL, [self.handle]));
}

/** `mvhybrid::selective_scan(Tensor u, Tensor delta, Tensor A, Tensor B, Tensor C, Tensor? D=None, Tensor? z=None, Tensor? delta_bias=None, bool delta_softplus=False) -> Tensor` */
export function selectiveScan(u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, options: { D?: Tensor | undefined; z?: Tensor | undefined; deltaBias?: Tensor | undefined; deltaSoftplus?: boolean | undefined } = {}): Tensor {
  return adopt(invoke(OP_SELECTIVE_SCAN, [u.handle, delta.handle, A.handle, B.handle, C.handle, options.D?.handle, options.z?.handle, options.deltaBias?.handle, options.deltaSoftplus]));
}

/** `mvhybrid::selective_scan_composed(Tensor u, Tensor delta, Tensor A, Tensor B, Tensor C, Tensor? D=None, Tensor? z=None, Tensor? delta_bias=None, bool delta_softplus=False) -> Tensor` */
export function selectiveScanComposed(u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, options: { D?: Tensor | undefined; z?: Tensor | undefined; deltaBias?: Tensor | undefined; deltaSoftplus?: boolean | undefined } = {}): Tensor {
  return adopt(invoke(OP_SELECTIVE_SCAN_COMPOSED, [u.handle, delta.handle, A.handle, B.handle, C.handle, options.D?.handle, options.z?.handle, options.deltaBias?.handle, options.deltaSoftplus]));
}

/** `mvhybrid::depthwise_conv1d(Tensor x, Tensor weight, Tensor? bias=None, int pad_left=0, bool silu=False) -> Tensor` */
export function depthwiseConv1d(x: Tensor, weight: Tensor, options: { bias?: Tensor | undefined; padLeft?: number | undefined; silu?: boolean | undefined } = {}): Tensor {
  return adopt(invoke(OP_DEPTHWISE_CONV1D, [x.handle, weight.handle, options.bias?.handle, options.padLeft, options.silu]));
}

/** `mvhybrid::depthwise_conv1d_composed(Tensor x, Tensor weight, Tensor? bias=None, int pad_left=0, bool silu=False) -> Tensor` */
export function depthwiseConv1dComposed(x: Tensor, weight: Tensor, options: { bias?: Tensor | undefined; padLeft?: number | undefined; silu?: boolean | undefined } = {}): Tensor {
  return adopt(invoke(OP_DEPTHWISE_CONV1D_COMPOSED, [x.handle, weight.handle, options.bias?.handle, options.padLeft, options.silu]));
}

/** `mvhybrid::quasi_separable(Tensor values, Tensor steps, Tensor rate, Tensor keys, Tensor queries, int longest_chunk) -> Tensor` */
export function quasiSeparable(values: Tensor, steps: Tensor, rate: Tensor, keys: Tensor, queries: Tensor, longestChunk: number): Tensor {
  return adopt(invoke(OP_QUASI_SEPARABLE, [values.handle, steps.handle, rate.handle, keys.handle, queries.handle, longestChunk]));
}

/** `mvhybrid::quasi_separable_composed(Tensor values, Tensor steps, Tensor rate, Tensor keys, Tensor queries, int longest_chunk) -> Tensor` */
export function quasiSeparableComposed(values: Tensor, steps: Tensor, rate: Tensor, keys: Tensor, queries: Tensor, longestChunk: number): Tensor {
  return adopt(invoke(OP_QUASI_SEPARABLE_COMPOSED, [values.handle, steps.handle, rate.handle, keys.handle, queries.handle, longestChunk]));
}

/** `mvhybrid::linear(Tensor input, Tensor weight, Tensor? bias=None, str activation="none") -> Tensor` */
export function linear(input: Tensor, weight: Tensor, options: { bias?: Tensor | undefined; activation?: string | undefined } = {}): Tensor {
  return adopt(invoke(OP_LINEAR, [input.handle, weight.handle, options.bias?.handle, options.activation]));
}

/** `mvhybrid::linear_composed(Tensor input, Tensor weight, Tensor? bias=None, str activation="none") -> Tensor` */
export function linearComposed(input: Tensor, weight: Tensor, options: { bias?: Tensor | undefined; activation?: string | undefined } = {}): Tensor {
  return adopt(invoke(OP_LINEAR_COMPOSED, [input.handle, weight.handle, options.bias?.handle, options.activation]));
}

/** `mvhybrid::layer_norm(Tensor x, Tensor weight, Tensor bias, float eps) -> Tensor` */
export function layerNorm(x: Tensor, weight: Tensor, bias: Tensor, eps: number): Tensor {
  return adopt(invoke(OP_LAYER_NORM, [x.handle, weight.handle, bias.handle, eps]));
}

/** `mvhybrid::layer_norm_composed(Tensor x, Tensor weight, Tensor bias, float eps) -> Tensor` */
export function layerNormComposed(x: Tensor, weight: Tensor, bias: Tensor, eps: number): Tensor {
  return adopt(invoke(OP_LAYER_NORM_COMPOSED, [x.handle, weight.handle, bias.handle, eps]));
}

/** `mvhybrid::attention(Tensor qkv, int heads) -> Tensor` */
export function attention(qkv: Tensor, heads: number): Tensor {
  return adopt(invoke(OP_ATTENTION, [qkv.handle, heads]));
}

/** `mvhybrid::attention_composed(Tensor qkv, int heads) -> Tensor` */
export function attentionComposed(qkv: Tensor, heads: number): Tensor {
  return adopt(invoke(OP_ATTENTION_COMPOSED, [qkv.handle, heads]));
}

/** `mvhybrid::token_block_dft(Tensor x, int blocks) -> Tensor` */
export function tokenBlockDft(x: Tensor, blocks: number): Tensor {
  return adopt(invoke(OP_TOKEN_BLOCK_DFT, [x.handle, blocks]));
}

/** `mvhybrid::token_block_dft_composed(Tensor x, int blocks) -> Tensor` */
export function tokenBlockDftComposed(x: Tensor, blocks: number): Tensor {
  return adopt(invoke(OP_TOKEN_BLOCK_DFT_COMPOSED, [x.handle, blocks]));
}

/** `mvhybrid::token_block_dft_adjoint(Tensor spectrum, int batch) -> Tensor` */
export function tokenBlockDftAdjoint(spectrum: Tensor, batch: number): Tensor {
  return adopt(invoke(OP_TOKEN_BLOCK_DFT_ADJOINT, [spectrum.handle, batch]));
}

/** `mvhybrid::token_block_dft_adjoint_composed(Tensor spectrum, int batch) -> Tensor` */
export function tokenBlockDftAdjointComposed(spectrum: Tensor, batch: number): Tensor {
  return adopt(invoke(OP_TOKEN_BLOCK_DFT_ADJOINT_COMPOSED, [spectrum.handle, batch]));
}

/** `mvhybrid::einfft(Tensor x, Tensor weight1, Tensor bias1, Tensor weight2, Tensor bias2, float threshold) -> Tensor` */
export function einfft(x: Tensor, weight1: Tensor, bias1: Tensor, weight2: Tensor, bias2: Tensor, threshold: number): Tensor {
  return adopt(invoke(OP_EINFFT, [x.handle, weight1.handle, bias1.handle, weight2.handle, bias2.handle, threshold]));
}

/** `mvhybrid::einfft_composed(Tensor x, Tensor weight1, Tensor bias1, Tensor weight2, Tensor bias2, float threshold) -> Tensor` */
export function einfftComposed(x: Tensor, weight1: Tensor, bias1: Tensor, weight2: Tensor, bias2: Tensor, threshold: number): Tensor {
  return adopt(invoke(OP_EINFFT_COMPOSED, [x.handle, weight1.handle, bias1.handle, weight2.handle, bias2.handle, threshold]));
}

/** `mvhybrid::block_linear(Tensor x, Tensor weight, Tensor bias, str activation="none", float threshold=0.) -> Tensor` */
export function blockLinear(x: Tensor, weight: Tensor, bias: Tensor, options: { activation?: string | undefined; threshold?: number | undefined } = {}): Tensor {
  return adopt(invoke(OP_BLOCK_LINEAR, [x.handle, weight.handle, bias.handle, options.activation, options.threshold]));
}

/** `mvhybrid::block_linear_composed(Tensor x, Tensor weight, Tensor bias, str activation="none", float threshold=0.) -> Tensor` */
export function blockLinearComposed(x: Tensor, weight: Tensor, bias: Tensor, options: { activation?: string | undefined; threshold?: number | undefined } = {}): Tensor {
  return adopt(invoke(OP_BLOCK_LINEAR_COMPOSED, [x.handle, weight.handle, bias.handle, options.activation, options.threshold]));
}
