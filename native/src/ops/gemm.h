// Matrix products by the fastest library at hand: oneDNN, or libtorch's BLAS where oneDNN is absent.
#pragma once
#include <ATen/ATen.h>

namespace mvh::gemm {

const char* backend_name();

/// Row-major C[M,N] = op(A) op(B) + beta C. Inside a parallel region it runs on the calling thread alone.
void sgemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const float* a, int64_t lda,
           const float* b, int64_t ldb, float beta, float* c, int64_t ldc);

enum class Activation { None, Gelu, Relu };

/// Rows of a matrix whose last axis is contiguous.
struct Matrix {
  const float* data;
  int64_t rows, cols, stride;
};

/// out[M,N] = act(x[M,K] weight[N,K]^T + bias). out is contiguous.
/// Packed copies of trainable weights are kept while gradients are off, until the weight changes or dies.
void linear(const Matrix& x, const at::Tensor& weight, const float* bias, Activation activation, float* out);

/// out[M,N] = act(x[M,K] weight[K,N] + bias) for plain memory, nothing kept.
void product(const Matrix& x, const float* weight, int64_t n, const float* bias, Activation activation, float* out);

}  // namespace mvh::gemm
