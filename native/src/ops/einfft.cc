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

/// What the kernel multiplies with; see kernels/dft_kernel.h.
struct Matrices {
  Tensor cosines, sines, all;
};

/// cos or sin(2 pi k t / n) / sqrt(n) for k, t = first .. first + count - 1.
Tensor wave_matrix(int64_t n, bool cosine, int64_t first, int64_t count) {
  auto matrix = at::empty({count, count}, at::kFloat);
  float* m = matrix.data_ptr<float>();
  for (int64_t k = 0; k < count; k++)
    for (int64_t t = 0; t < count; t++) {
      const double angle = 2 * M_PI * static_cast<double>(((k + first) * (t + first)) % n) / static_cast<double>(n);
      m[k * count + t] = static_cast<float>((cosine ? std::cos(angle) : std::sin(angle)) / std::sqrt(static_cast<double>(n)));
    }
  return matrix;
}

Matrices make_matrices(int64_t n) {
  const auto cosines = wave_matrix(n, true, 0, n), sines = wave_matrix(n, false, 0, n);
  const int64_t c = n / 2 + 1, s = (n - 1) / 2;
  return {cosines.narrow(0, 0, c).narrow(1, 0, c).contiguous(), wave_matrix(n, false, 1, s),
          at::cat({cosines.narrow(0, 0, c), sines.narrow(0, 1, s)})};
}

/// Matrices are kept for the few lengths a program uses; a long list of lengths starts over.
Matrices kept_matrices(int64_t n) {
  static std::mutex lock;
  static std::map<int64_t, Matrices> made;
  std::lock_guard<std::mutex> hold(lock);
  if (made.size() > 32) made.clear();
  const auto found = made.find(n);
  return found != made.end() ? found->second : made.emplace(n, make_matrices(n)).first->second;
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

/// Scratch that a thread keeps between tasks.
float* scratch(int64_t floats) {
  static thread_local std::vector<float> buffer;
  if (static_cast<int64_t>(buffer.size()) < floats) buffer.resize(static_cast<size_t>(floats));
  return buffer.data();
}

/// Runs work(batch element, slice, matrices, scratch) for all of them, shared among threads.
template <class F>
void for_each_slice(const Layout& l, F work) {
  const auto tokens = kept_matrices(l.tokens), blocks = kept_matrices(l.blocks);
  const kernels::DftMatrices matrices{tokens.cosines.data_ptr<float>(), tokens.sines.data_ptr<float>(), blocks.all.data_ptr<float>()};
  kernels::for_each_task(l.batch * l.pieces(), [&](int64_t task) {
    const auto slice = l.slice(task % l.pieces());
    work(task / l.pieces(), slice, matrices, scratch(kernels::dft_scratch_size(slice)));
  });
}

Tensor dft_kernel(const Tensor& x_given, int64_t blocks) {
  const auto x = with_dense_rows(x_given);
  const auto l = layout_of_signal(x, blocks);
  auto spectrum = at::empty({blocks, l.batch * l.tokens, 2 * l.width}, x.options());
  const auto rows = rows_of(x);
  float* to = spectrum.data_ptr<float>();
  for_each_slice(l, [&](int64_t b, const auto& slice, const auto& matrices, float* spare) {
    kernels::dft_forward(slice, matrices, rows.at(b, 0), rows.row_stride, to + b * l.tokens * 2 * l.width, l.block_stride(), spare);
  });
  return spectrum;
}

Tensor adjoint_kernel(const Tensor& spectrum_given, int64_t batch) {
  const auto spectrum = spectrum_given.contiguous();
  const auto l = layout_of_spectrum(spectrum, batch);
  auto x = at::empty({batch, l.tokens, l.blocks * l.width}, spectrum.options());
  const float* from = spectrum.data_ptr<float>();
  float* to = x.data_ptr<float>();
  for_each_slice(l, [&](int64_t b, const auto& slice, const auto& matrices, float* spare) {
    kernels::dft_adjoint(slice, matrices, from + b * l.tokens * 2 * l.width, l.block_stride(), to + b * l.tokens * l.blocks * l.width, spare);
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
