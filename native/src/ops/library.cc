// Registration of the custom operators with libtorch's dispatcher, and what their files share.
#include <ATen/Parallel.h>
#include <torch/library.h>

#include <atomic>

#include "kernels/parallel.h"
#include "ops/ops.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace mvh {
namespace {

/// Numbers below 1e-38 count as zero while it lives: the processor would take a hundred times longer over them.
class FlushDenormals {
#if defined(__SSE2__)
  static constexpr unsigned kFlushResults = 0x8000, kFlushInputs = 0x0040;
  const unsigned before_ = _mm_getcsr();

 public:
  FlushDenormals() { _mm_setcsr(before_ | kFlushResults | kFlushInputs); }
  ~FlushDenormals() { _mm_setcsr(before_); }
#endif
};

}  // namespace

void kernels::for_each_task(int64_t count, const std::function<void(int64_t)>& task) {
  const int64_t workers = std::min<int64_t>(count, at::get_num_threads());
  if (workers <= 1 || at::in_parallel_region()) {
    [[maybe_unused]] const FlushDenormals flush;
    for (int64_t i = 0; i < count; i++) task(i);
    return;
  }
  // Taking the next free task keeps both cores busy when one of them is disturbed.
  std::atomic<int64_t> next{0};
  at::parallel_for(0, workers, 1, [&](int64_t begin, int64_t end) {
    [[maybe_unused]] const FlushDenormals flush;
    for (int64_t worker = begin; worker < end; worker++)
      for (int64_t i = next++; i < count; i = next++) task(i);
  });
}

bool ops::for_kernel(const Tensor& t) {
  return !t.defined() || (t.device().is_cpu() && t.scalar_type() == at::kFloat && t.layout() == at::kStrided);
}

at::Tensor ops::with_dense_rows(const Tensor& t) {
  return t.dim() == 3 && (t.stride(2) == 1 || t.size(2) == 1) ? t : t.contiguous();
}

kernels::Rows ops::rows_of(const Tensor& t) { return {t.data_ptr<float>(), t.stride(0), t.stride(1)}; }

}  // namespace mvh

TORCH_LIBRARY(mvhybrid, m) {
  using namespace mvh::ops;
  const std::string scan =
      "(Tensor u, Tensor delta, Tensor A, Tensor B, Tensor C, Tensor? D=None, Tensor? z=None, Tensor? delta_bias=None, "
      "bool delta_softplus=False) -> Tensor";
  m.def(("selective_scan" + scan).c_str(), selective_scan);
  m.def(("selective_scan_composed" + scan).c_str(), selective_scan_composed);
  const std::string conv = "(Tensor x, Tensor weight, Tensor? bias=None, int pad_left=0, bool silu=False) -> Tensor";
  m.def(("depthwise_conv1d" + conv).c_str(), depthwise_conv1d);
  m.def(("depthwise_conv1d_composed" + conv).c_str(), depthwise_conv1d_composed);
  const std::string mix =
      "(Tensor values, Tensor steps, Tensor rate, Tensor keys, Tensor queries, int longest_chunk) -> Tensor";
  m.def(("quasi_separable" + mix).c_str(), quasi_separable);
  m.def(("quasi_separable_composed" + mix).c_str(), quasi_separable_composed);
  const std::string affine = "(Tensor input, Tensor weight, Tensor? bias=None, str activation='none') -> Tensor";
  m.def(("linear" + affine).c_str(), linear);
  m.def(("linear_composed" + affine).c_str(), linear_composed);
  const std::string norm = "(Tensor x, Tensor weight, Tensor bias, float eps) -> Tensor";
  m.def(("layer_norm" + norm).c_str(), layer_norm);
  m.def(("layer_norm_composed" + norm).c_str(), layer_norm_composed);
  m.def("attention(Tensor qkv, int heads) -> Tensor", attention);
  m.def("attention_composed(Tensor qkv, int heads) -> Tensor", attention_composed);
  m.def("token_block_dft(Tensor x, int blocks) -> Tensor", token_block_dft);
  m.def("token_block_dft_composed(Tensor x, int blocks) -> Tensor", token_block_dft_composed);
  m.def("token_block_dft_adjoint(Tensor spectrum, int batch) -> Tensor", token_block_dft_adjoint);
  m.def("token_block_dft_adjoint_composed(Tensor spectrum, int batch) -> Tensor", token_block_dft_adjoint_composed);
  const std::string mixing =
      "(Tensor x, Tensor weight1, Tensor bias1, Tensor weight2, Tensor bias2, float threshold) -> Tensor";
  m.def(("einfft" + mixing).c_str(), einfft);
  m.def(("einfft_composed" + mixing).c_str(), einfft_composed);
  const std::string block =
      "(Tensor x, Tensor weight, Tensor bias, str activation='none', float threshold=0.0) -> Tensor";
  m.def(("block_linear" + block).c_str(), block_linear);
  m.def(("block_linear_composed" + block).c_str(), block_linear_composed);
}
