// Matrix products by the fastest library at hand: oneDNN, or libtorch's BLAS where oneDNN is absent.
#pragma once
#include <ATen/ATen.h>

#include <memory>

namespace mvh::gemm {

const char* backend_name();

/// One operand of sgemm: rows `stride` floats apart, read as they lie or as their transpose.
struct Operand {
  const float* data;
  int64_t stride;
  bool transposed;
};

/// Row-major C[M,N] = op(A) op(B), shared among threads.
void sgemm(int64_t m, int64_t n, int64_t k, Operand a, Operand b, float* c);

/// The same on the calling thread alone, for use inside tasks; rows of C are `c_stride` floats apart.
void sgemm_alone(int64_t m, int64_t n, int64_t k, Operand a, Operand b, float* c, int64_t c_stride);

enum class Activation { None, Gelu, Relu };

/// Rows of a matrix whose last axis is contiguous.
struct Matrix {
  const float* data;
  int64_t rows, cols, stride;
};

/// out[M,N] = act(x[M,K] weight[N,K]^T + bias). out is contiguous.
/// Packed copies of trainable weights are kept while gradients are off, until the weight changes or dies.
void linear(const Matrix& x, const at::Tensor& weight, const float* bias, Activation activation, float* out);

/// One weight [inner, cols] in plain memory, which must stay, packed for products with `rows` rows at a time, each on the
/// calling thread alone.
class PackedProduct {
 public:
  PackedProduct(int64_t rows, int64_t inner, int64_t cols, const float* weight, Activation activation);
  /// out[rows, cols] = act(x[rows, inner] weight + bias); both matrices are contiguous.
  void run(const float* x, const float* bias, float* out) const;

 private:
  struct Parts;
  std::shared_ptr<const Parts> parts_;
};

/// out[M,N] = act(x[M,K] weight[K,N] + bias) for plain memory, nothing kept.
void product(const Matrix& x, const float* weight, int64_t n, const float* bias, Activation activation, float* out);

}  // namespace mvh::gemm
