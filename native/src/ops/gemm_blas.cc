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

// Inside a parallel region libtorch uses one thread.
void sgemm_alone(int64_t m, int64_t n, int64_t k, Operand a, Operand b, float* c, int64_t c_stride) {
  c10::NoGradGuard no_grad;
  const auto left = a.transposed ? view(a.data, k, m, a.stride).t() : view(a.data, m, k, a.stride);
  const auto right = b.transposed ? view(b.data, n, k, b.stride).t() : view(b.data, k, n, b.stride);
  auto out = view(c, m, n, c_stride);
  at::mm_out(out, left, right);
}

void sgemm(int64_t m, int64_t n, int64_t k, Operand a, Operand b, float* c) { sgemm_alone(m, n, k, a, b, c, n); }

void linear(const Matrix& x, const at::Tensor& weight, const float* bias, Activation activation, float* out) {
  c10::NoGradGuard no_grad;
  auto result = view(out, x.rows, weight.size(0), weight.size(0));
  at::mm_out(result, view(x.data, x.rows, x.cols, x.stride), weight.detach().t());
  finish(result, bias, activation);
}

struct PackedProduct::Parts {
  int64_t rows, inner, cols;
  const float* weight;
  Activation activation;
};

PackedProduct::PackedProduct(int64_t rows, int64_t inner, int64_t cols, const float* weight, Activation activation)
    : parts_(std::make_shared<const Parts>(Parts{rows, inner, cols, weight, activation})) {}

void PackedProduct::run(const float* x, const float* bias, float* out) const {
  const auto& p = *parts_;
  product({x, p.rows, p.inner, p.inner}, p.weight, p.cols, bias, p.activation, out);
}

void product(const Matrix& x, const float* weight, int64_t n, const float* bias, Activation activation, float* out) {
  c10::NoGradGuard no_grad;
  auto result = view(out, x.rows, n, n);
  at::mm_out(result, view(x.data, x.rows, x.cols, x.stride), view(weight, x.cols, n, n));
  finish(result, bias, activation);
}

}  // namespace mvh::gemm
#endif
