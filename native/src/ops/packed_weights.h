// Weights in the layout that oneDNN's primitives prefer, kept between calls.
#pragma once
#ifdef MVH_WITH_DNNL
#include <ATen/ATen.h>

#include <dnnl.hpp>

namespace mvh::gemm {

/// Rows [first, first + count) of a weight [out, in] as the columns of its transpose. The copy of a trainable weight is kept
/// while gradients are off, until the weight changes or dies.
dnnl::memory packed_weight(const at::Tensor& weight, int64_t first, int64_t count, const dnnl::memory::desc& wanted);

}  // namespace mvh::gemm
#endif
