// EinFFT's two parts: the real <-> complex transform over (tokens, blocks), and the per-block complex linear map.
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <map>
#include <mutex>

#include "kernels/dft_kernel.h"
#include "kernels/parallel.h"
#include "ops/ops.h"

namespace mvh::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// [n, n]: rows cos(2 pi k t / n) for k = 0..n/2, then sin for k = 1..(n-1)/2, times `scale`.
Tensor half_spectrum_matrix(int64_t n, double scale) {
  auto matrix = at::empty({n, n}, at::kFloat);
  float* m = matrix.data_ptr<float>();
  for (int64_t r = 0; r < n; r++) {
    const bool cosine = r <= n / 2;
    const int64_t k = cosine ? r : r - n / 2;
    for (int64_t t = 0; t < n; t++) {
      const double angle = 2 * M_PI * static_cast<double>((k * t) % n) / static_cast<double>(n);
      m[r * n + t] = static_cast<float>(scale * (cosine ? std::cos(angle) : std::sin(angle)));
    }
  }
  return matrix;
}

/// Matrices are kept for the few lengths a program uses; a long list of lengths starts over.
Tensor kept_matrix(int64_t n) {
  static std::mutex lock;
  static std::map<int64_t, Tensor> made;
  std::lock_guard<std::mutex> hold(lock);
  if (made.size() > 32) made.clear();
  auto& entry = made[n];
  if (!entry.defined()) entry = half_spectrum_matrix(n, 1 / std::sqrt(static_cast<double>(n)));
  return entry;
}

struct Layout {
  int64_t batch, tokens, blocks, width;

  /// Width of the channel pieces that are transformed as one task: depends on the shape alone.
  int64_t piece() const {
    for (const int64_t p : {48, 64, 32})
      if (width % p == 0) return p;
    return width;
  }
  int64_t pieces() const { return width / piece(); }
  int64_t block_stride() const { return batch * tokens * 2 * width; }
  kernels::DftSlice slice(int64_t i) const { return {tokens, blocks, width, i * piece(), piece()}; }
};

Layout layout_of_signal(const Tensor& x, int64_t blocks) {
  TORCH_CHECK(x.dim() == 3 && blocks > 0 && x.size(2) % blocks == 0, "token_block_dft: x must be [batch, tokens, ", blocks,
              " * width], got ", x.sizes());
  return {x.size(0), x.size(1), blocks, x.size(2) / blocks};
}

Layout layout_of_spectrum(const Tensor& s, int64_t batch) {
  TORCH_CHECK(s.dim() == 3 && s.size(2) % 2 == 0 && batch > 0 && s.size(1) % batch == 0,
              "token_block_dft_adjoint: spectrum must be [blocks, ", batch, " * tokens, 2 * width], got ", s.sizes());
  return {batch, s.size(1) / batch, s.size(0), s.size(2) / 2};
}

float* scratch(int64_t slot, int64_t floats) {
  static thread_local std::vector<float> buffers[2];
  if (static_cast<int64_t>(buffers[slot].size()) < floats) buffers[slot].resize(static_cast<size_t>(floats));
  return buffers[slot].data();
}

Tensor dft_kernel(const Tensor& x_given, int64_t blocks) {
  const auto x = with_dense_rows(x_given);
  const auto l = layout_of_signal(x, blocks);
  auto spectrum = at::empty({blocks, l.batch * l.tokens, 2 * l.width}, x.options());
  const auto tokens = kept_matrix(l.tokens), mixing = kept_matrix(blocks);
  const auto rows = rows_of(x);
  kernels::for_each_task(l.batch * l.pieces(), [&](int64_t task) {
    const int64_t b = task / l.pieces();
    const auto slice = l.slice(task % l.pieces());
    const int64_t columns = blocks * slice.width, size = l.tokens * columns;
    float *mixed = scratch(0, size), *half = scratch(1, size);
    kernels::block_dft(slice, rows.at(b, 0), rows.row_stride, mixing.data_ptr<float>(), mixed);
    gemm::sgemm_alone(l.tokens, columns, l.tokens, {tokens.data_ptr<float>(), l.tokens, false}, {mixed, columns, false}, half, columns);
    kernels::expand_spectrum(slice, half, spectrum.data_ptr<float>() + b * l.tokens * 2 * l.width, l.block_stride());
  });
  return spectrum;
}

Tensor adjoint_kernel(const Tensor& spectrum_given, int64_t batch) {
  const auto spectrum = spectrum_given.contiguous();
  const auto l = layout_of_spectrum(spectrum, batch);
  auto x = at::empty({batch, l.tokens, l.blocks * l.width}, spectrum.options());
  const auto tokens = kept_matrix(l.tokens), mixing = kept_matrix(l.blocks);
  kernels::for_each_task(batch * l.pieces(), [&](int64_t task) {
    const int64_t b = task / l.pieces();
    const auto slice = l.slice(task % l.pieces());
    const int64_t columns = l.blocks * slice.width, size = l.tokens * columns;
    float *half = scratch(0, size), *mixed = scratch(1, size);
    kernels::fold_spectrum(slice, spectrum.data_ptr<float>() + b * l.tokens * 2 * l.width, l.block_stride(), half);
    gemm::sgemm_alone(l.tokens, columns, l.tokens, {tokens.data_ptr<float>(), l.tokens, true}, {half, columns, false}, mixed, columns);
    kernels::block_dft_transposed(slice, mixed, mixing.data_ptr<float>(), x.data_ptr<float>() + b * l.tokens * l.blocks * l.width);
  });
  return x;
}

// Each transform is the transpose of the other, so each is the other's gradient.
struct DftFunction : torch::autograd::Function<DftFunction> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x, int64_t blocks) {
    ctx->saved_data["batch"] = x.size(0);
    return dft_kernel(x, blocks);
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    return {adjoint_kernel(grads[0], ctx->saved_data["batch"].toInt()), Tensor()};
  }
};

struct AdjointFunction : torch::autograd::Function<AdjointFunction> {
  static Tensor forward(AutogradContext* ctx, const Tensor& spectrum, int64_t batch) {
    ctx->saved_data["blocks"] = spectrum.size(0);
    return adjoint_kernel(spectrum, batch);
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    return {dft_kernel(grads[0], ctx->saved_data["blocks"].toInt()), Tensor()};
  }
};

}  // namespace

Tensor token_block_dft_composed(const Tensor& x, int64_t blocks) {
  const auto l = layout_of_signal(x, blocks);
  const auto spectrum = at::fft_fft2(x.reshape({l.batch, l.tokens, blocks, l.width}), {}, {1, 2}, "ortho");
  return at::cat({at::real(spectrum), at::imag(spectrum)}, 3).permute({2, 0, 1, 3}).reshape({blocks, l.batch * l.tokens, 2 * l.width});
}

Tensor token_block_dft_adjoint_composed(const Tensor& spectrum, int64_t batch) {
  const auto l = layout_of_spectrum(spectrum, batch);
  const auto parts = spectrum.reshape({l.blocks, batch, l.tokens, 2 * l.width}).permute({1, 2, 0, 3}).chunk(2, 3);
  const auto values = at::complex(parts[0].contiguous(), parts[1].contiguous());
  return at::real(at::fft_ifft2(values, {}, {1, 2}, "ortho")).reshape({batch, l.tokens, l.blocks * l.width});
}

Tensor token_block_dft(const Tensor& x, int64_t blocks) {
  if (!for_kernel(x) || x.numel() == 0) return token_block_dft_composed(x, blocks);
  if (c10::GradMode::is_enabled() && x.requires_grad()) return DftFunction::apply(x, blocks);
  return dft_kernel(x, blocks);
}

Tensor token_block_dft_adjoint(const Tensor& spectrum, int64_t batch) {
  if (!for_kernel(spectrum) || spectrum.numel() == 0) return token_block_dft_adjoint_composed(spectrum, batch);
  if (c10::GradMode::is_enabled() && spectrum.requires_grad()) return AdjointFunction::apply(spectrum, batch);
  return adjoint_kernel(spectrum, batch);
}

}  // namespace mvh::ops
