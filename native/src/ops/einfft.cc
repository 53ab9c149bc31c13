// EinFFT's transform, real <-> complex over (tokens, blocks); and the whole of it, transform, two layers and back.
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

/// Everything of one image on one thread, so that its spectrum never leaves the cache. Without gradients.
Tensor whole_kernel(const Tensor& x_given, const Tensor& weight1_given, const Tensor& bias1_given, const Tensor& weight2_given,
                    const Tensor& bias2_given, double threshold) {
  constexpr int64_t kMostRows = 320;  // of the hidden layer at a time
  const auto x = with_dense_rows(x_given);
  const auto l = layout_of_signal(x, weight1_given.size(0));
  const int64_t width = 2 * l.width, pieces = (l.tokens + kMostRows - 1) / kMostRows, piece = (l.tokens + pieces - 1) / pieces;
  const Tensor weights[] = {weight1_given.contiguous(), weight2_given.contiguous()};
  const Tensor biases[] = {bias1_given.contiguous(), bias2_given.contiguous()};
  const auto product = [&](int64_t rows, int layer, int64_t block) {
    const auto activation = layer == 0 ? gemm::Activation::Relu : gemm::Activation::None;
    return gemm::PackedProduct(rows, width, width, weights[layer].data_ptr<float>() + block * width * width, activation);
  };
  std::vector<gemm::PackedProduct> products;  // [block][full or last piece][layer]
  for (int64_t j = 0; j < l.blocks; j++)
    for (const int64_t rows : {piece, l.tokens - (pieces - 1) * piece})
      for (const int layer : {0, 1}) products.push_back(product(rows, layer, j));
  auto y = at::empty({l.batch, l.tokens, l.blocks * l.width}, x.options());
  const auto rows = rows_of(x);
  float* to = y.data_ptr<float>();
  const auto tokens = kept_matrices(l.tokens), blocks = kept_matrices(l.blocks);
  const kernels::DftMatrices matrices{tokens.cosines.data_ptr<float>(), tokens.sines.data_ptr<float>(), blocks.all.data_ptr<float>()};
  const int64_t block_size = l.tokens * width;
  kernels::for_each_task(l.batch, [&](int64_t b) {
    float* spectrum = scratch(l.blocks * block_size + piece * width + kernels::dft_scratch_size(l.slice(0)));
    float *hidden = spectrum + l.blocks * block_size, *spare = hidden + piece * width;
    for (int64_t i = 0; i < l.pieces(); i++)
      kernels::dft_forward(l.slice(i), matrices, rows.at(b, 0), rows.row_stride, spectrum, block_size, spare);
    for (int64_t j = 0; j < l.blocks; j++) {
      const float *bias1 = biases[0].data_ptr<float>() + j * width, *bias2 = biases[1].data_ptr<float>() + j * width;
      for (int64_t first = 0; first < l.tokens; first += piece) {
        const auto* layers = &products[static_cast<size_t>(4 * j + (first + piece < l.tokens ? 0 : 2))];
        float* part = spectrum + j * block_size + first * width;
        layers[0].run(part, bias1, hidden);
        layers[1].run(hidden, bias2, part);
        kernels::softshrink(part, std::min(piece, l.tokens - first) * width, static_cast<float>(threshold));
      }
    }
    for (int64_t i = 0; i < l.pieces(); i++)
      kernels::dft_adjoint(l.slice(i), matrices, spectrum, block_size, to + b * l.tokens * l.blocks * l.width, spare);
  });
  return y;
}

void check_einfft(const Tensor& x, const Tensor& weight1, const Tensor& bias1, const Tensor& weight2, const Tensor& bias2) {
  const auto square = [&](const Tensor& w) {
    return w.dim() == 3 && w.size(1) == w.size(2) && w.size(1) % 2 == 0 && w.sizes() == weight1.sizes();
  };
  const auto matches = [&](const Tensor& b) { return b.dim() == 2 && b.size(0) == weight1.size(0) && b.size(1) == weight1.size(1); };
  TORCH_CHECK(x.dim() == 3 && square(weight1) && square(weight2) && matches(bias1) && matches(bias2) &&
                  2 * x.size(2) == weight1.size(0) * weight1.size(1),
              "einfft: needs x [batch, tokens, blocks * width], weights [blocks, 2 * width, 2 * width], biases [blocks, 2 * width], "
              "got ", x.sizes(), ", ", weight1.sizes(), ", ", bias1.sizes(), ", ", weight2.sizes(), ", ", bias2.sizes());
}

}  // namespace

Tensor einfft(const Tensor& x, const Tensor& weight1, const Tensor& bias1, const Tensor& weight2, const Tensor& bias2,
              double threshold) {
  // With fewer images threads would wait for one another; a number of threads must not change the result.
  constexpr int64_t kImages = 8;
  check_einfft(x, weight1, bias1, weight2, bias2);
  const bool differentiate = c10::GradMode::is_enabled() &&
                             (x.requires_grad() || weight1.requires_grad() || bias1.requires_grad() ||
                              weight2.requires_grad() || bias2.requires_grad());
  if (!differentiate && x.size(0) >= kImages && x.size(1) > 0 && for_kernel(x, weight1, bias1, weight2, bias2)) {
    return whole_kernel(x, weight1, bias1, weight2, bias2, threshold);
  }
  const auto hidden = block_linear(token_block_dft(x, weight1.size(0)), weight1, bias1, "relu", 0);
  return token_block_dft_adjoint(block_linear(hidden, weight2, bias2, "softshrink", threshold), x.size(0));
}

Tensor einfft_composed(const Tensor& x, const Tensor& weight1, const Tensor& bias1, const Tensor& weight2, const Tensor& bias2,
                       double threshold) {
  check_einfft(x, weight1, bias1, weight2, bias2);
  const auto hidden = block_linear_composed(token_block_dft_composed(x, weight1.size(0)), weight1, bias1, "relu", 0);
  return token_block_dft_adjoint_composed(block_linear_composed(hidden, weight2, bias2, "softshrink", threshold), x.size(0));
}

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
