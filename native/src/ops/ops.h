// The custom operators. Each runs a CPU float32 kernel where it can, and otherwise the same mathematics composed
// from ATen operators (`*_composed`), which works on any device and dtype and is differentiated by autograd.
#pragma once
#include <ATen/ATen.h>

#include "compat.h"
#include "kernels/kernels.h"
#include "ops/gemm.h"

namespace mvh::ops {

using at::Tensor;
using Optional = OptionalTensor;

// Float32 on the CPU is what the kernels take.
bool for_kernel(const Tensor& t);
inline bool for_kernel(const Optional& t) { return !t || !t->defined() || for_kernel(*t); }
template <class... Rest>
bool for_kernel(const Tensor& first, const Rest&... rest) {
  return for_kernel(first) && (for_kernel(rest) && ...);
}

/// The tensor of an optional argument, undefined when absent. Autograd functions take the optional itself: libtorch 1.13
/// refuses an undefined tensor among their inputs.
inline Tensor or_undefined(const Optional& t) { return t ? *t : Tensor(); }
inline const float* data_or_null(const Tensor& t) { return t.defined() ? t.data_ptr<float>() : nullptr; }

/// [B, L, C] whose last axis is contiguous, copied only when it is not.
Tensor with_dense_rows(const Tensor& t);
/// View of a tensor that went through with_dense_rows.
kernels::Rows rows_of(const Tensor& t);

Tensor selective_scan(const Tensor& u, const Tensor& delta, const Tensor& A, const Tensor& B, const Tensor& C,
                      const Optional& D, const Optional& z, const Optional& delta_bias, bool delta_softplus);
Tensor selective_scan_composed(const Tensor& u, const Tensor& delta, const Tensor& A, const Tensor& B, const Tensor& C,
                               const Optional& D, const Optional& z, const Optional& delta_bias, bool delta_softplus);

Tensor depthwise_conv1d(const Tensor& x, const Tensor& weight, const Optional& bias, int64_t pad_left, bool silu);
Tensor depthwise_conv1d_composed(const Tensor& x, const Tensor& weight, const Optional& bias, int64_t pad_left, bool silu);

Tensor quasi_separable(const Tensor& values, const Tensor& steps, const Tensor& rate, const Tensor& keys,
                       const Tensor& queries, int64_t longest_chunk);
Tensor quasi_separable_composed(const Tensor& values, const Tensor& steps, const Tensor& rate, const Tensor& keys,
                                const Tensor& queries, int64_t longest_chunk);

Tensor linear(const Tensor& input, const Tensor& weight, const Optional& bias, StringView activation);
Tensor linear_composed(const Tensor& input, const Tensor& weight, const Optional& bias, StringView activation);

Tensor layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps);
Tensor layer_norm_composed(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps);

Tensor attention(const Tensor& qkv, int64_t heads);
Tensor attention_composed(const Tensor& qkv, int64_t heads);

Tensor token_block_dft(const Tensor& x, int64_t blocks);
Tensor token_block_dft_composed(const Tensor& x, int64_t blocks);
Tensor token_block_dft_adjoint(const Tensor& spectrum, int64_t batch);
Tensor token_block_dft_adjoint_composed(const Tensor& spectrum, int64_t batch);

Tensor einfft(const Tensor& x, const Tensor& weight1, const Tensor& bias1, const Tensor& weight2, const Tensor& bias2,
              double threshold);
Tensor einfft_composed(const Tensor& x, const Tensor& weight1, const Tensor& bias1, const Tensor& weight2, const Tensor& bias2,
                       double threshold);

Tensor block_linear(const Tensor& x, const Tensor& weight, const Tensor& bias, StringView activation, double threshold);
Tensor block_linear_composed(const Tensor& x, const Tensor& weight, const Tensor& bias, StringView activation,
                             double threshold);

}  // namespace mvh::ops
