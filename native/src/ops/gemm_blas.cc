// Without oneDNN: libtorch's own matrix product, activation as a second pass.
#ifndef MVH_WITH_DNNL
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "ops/gemm.h"

namespace mvh::gemm {
namespace {

at::Tensor view(const float* data, int64_t rows, int64_t cols, int64_t stride) {
  return at::from_blob(const_cast<float*>(data), {rows, cols}, {stride, 1}, at::TensorOptions().dtype(at::kFloat));
}

void finish(at::Tensor& out, const float* bias, Activation activation) {
  if (bias != nullptr) out.add_(view(bias, 1, out.size(1), out.size(1)));
  if (activation == Activation::Relu) out.relu_();
  if (activation == Activation::Gelu) out.copy_(at::gelu(out));
}

}  // namespace

const char* backend_name() { return "libtorch's BLAS"; }

void sgemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const float* a, int64_t lda,
           const float* b, int64_t ldb, float beta, float* c, int64_t ldc) {
  c10::NoGradGuard no_grad;
  const auto left = transpose_a ? view(a, k, m, lda).t() : view(a, m, k, lda);
  const auto right = transpose_b ? view(b, n, k, ldb).t() : view(b, k, n, ldb);
  auto out = view(c, m, n, ldc);
  if (beta == 0.0f) at::mm_out(out, left, right);
  else at::addmm_out(out, out, left, right, beta, 1.0);
}

void linear(const Matrix& x, const at::Tensor& weight, const float* bias, Activation activation, float* out) {
  c10::NoGradGuard no_grad;
  auto result = view(out, x.rows, weight.size(0), weight.size(0));
  at::mm_out(result, view(x.data, x.rows, x.cols, x.stride), weight.detach().t());
  finish(result, bias, activation);
}

void product(const Matrix& x, const float* weight, int64_t n, const float* bias, Activation activation, float* out) {
  c10::NoGradGuard no_grad;
  auto result = view(out, x.rows, n, n);
  at::mm_out(result, view(x.data, x.rows, x.cols, x.stride), view(weight, x.cols, n, n));
  finish(result, bias, activation);
}

}  // namespace mvh::gemm
#endif
