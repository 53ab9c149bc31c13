// oneDNN's matmul primitive, made once per shape and run on the calling thread alone.
#pragma once
#ifdef MVH_WITH_DNNL
#include <signal.h>

#include <dnnl.hpp>
#include <memory>
#include <tuple>

#include "ops/gemm.h"

namespace mvh::gemm {

/// While it lives, oneDNN makes and runs primitives for the calling thread alone, undisturbed by signals: its AVX-512
/// kernels (seen with 2.6.3) let the stack pointer point into working memory, where the handler of a signal, say of Ctrl-C,
/// would then put its frame. Signals wait until the guard ends.
class Alone {
 public:
  Alone();
  ~Alone();
  Alone(const Alone&) = delete;
  Alone& operator=(const Alone&) = delete;

 private:
  sigset_t signals_before_;
  int threads_before_ = 1;
};

/// What a primitive depends on: rows, inner, columns, row strides of x and of the result, bias or not, activation.
using Key = std::tuple<int64_t, int64_t, int64_t, int64_t, int64_t, bool, Activation>;

struct Product {
  dnnl::matmul::primitive_desc desc;
  dnnl::matmul primitive;
  explicit Product(const Key& key, const Alone& = Alone());
};

/// The primitive of a shape, kept: one costs milliseconds to make, and a program uses few shapes over and over.
std::shared_ptr<Product> product_for(const Key& key);

/// `data` as it is described, in the layout `wanted`; shared where the two agree.
dnnl::memory pack(const dnnl::memory::desc& plain, const float* data, const dnnl::memory::desc& wanted);

/// out = act(x weights + bias).
void run(const Product& product, const float* x, const dnnl::memory& weights, const float* bias, float* out);

}  // namespace mvh::gemm
#endif
