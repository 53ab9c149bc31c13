// y[j] = act(x[j] W[j] + b[j]) for each block j: EinFFT's complex layers as real ones, [re | im] side by side.
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "kernels/dft_kernel.h"
#include "kernels/parallel.h"
#include "ops/ops.h"

namespace mvh::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

void check_block_linear(const Tensor& x, const Tensor& weight, const Tensor& bias, StringView activation) {
  TORCH_CHECK(x.dim() == 3 && weight.dim() == 3 && bias.dim() == 2 && x.size(0) == weight.size(0) &&
                  x.size(0) == bias.size(0) && x.size(2) == weight.size(1) && weight.size(2) == bias.size(1),
              "block_linear: needs x [blocks, rows, in], weight [blocks, in, out], bias [blocks, out], got ", x.sizes(), ", ",
              weight.sizes(), ", ", bias.sizes());
  TORCH_CHECK(activation == "none" || activation == "relu" || activation == "softshrink",
              "block_linear: activation must be none, relu or softshrink, got ", std::string(activation));
}

void softshrink_rows(float* x, int64_t count, float threshold) {
  constexpr int64_t kPiece = 1 << 16;
  kernels::for_each_task((count + kPiece - 1) / kPiece, [&](int64_t i) {
    kernels::softshrink(x + i * kPiece, std::min(kPiece, count - i * kPiece), threshold);
  });
}

Tensor forward_kernel(const Tensor& x_given, const Tensor& weight_given, const Tensor& bias_given, StringView activation,
                      double threshold) {
  const auto x = x_given.contiguous(), weight = weight_given.contiguous(), bias = bias_given.contiguous();
  const int64_t rows = x.size(1), in = x.size(2), out = weight.size(2);
  auto y = at::empty({x.size(0), rows, out}, x.options());
  const auto fused = activation == "relu" ? gemm::Activation::Relu : gemm::Activation::None;
  for (int64_t j = 0; j < x.size(0); j++) {
    float* block = y.data_ptr<float>() + j * rows * out;
    gemm::product({x.data_ptr<float>() + j * rows * in, rows, in, in}, weight.data_ptr<float>() + j * in * out, out,
                  bias.data_ptr<float>() + j * out, fused, block);
    if (activation == "softshrink") softshrink_rows(block, rows * out, static_cast<float>(threshold));
  }
  return y;
}

struct BlockLinearFunction : torch::autograd::Function<BlockLinearFunction> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& weight, const Tensor& bias,
                        const std::string& activation, double threshold) {
    auto y = forward_kernel(x, weight, bias, activation, threshold);
    ctx->save_for_backward({x, weight, y});
    ctx->saved_data["masked"] = activation != "none";
    return y;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const auto x = saved[0].contiguous(), weight = saved[1].contiguous();
    // Both activations pass the gradient exactly where their output is not zero.
    const auto grad = (ctx->saved_data["masked"].toBool() ? grads[0] * saved[2].ne(0) : grads[0]).contiguous();
    const int64_t rows = x.size(1), in = x.size(2), out = weight.size(2);
    auto dx = at::empty_like(x), dweight = at::empty_like(weight);
    for (int64_t j = 0; j < x.size(0); j++) {
      const float* g = grad.data_ptr<float>() + j * rows * out;
      gemm::sgemm(rows, in, out, {g, out, false}, {weight.data_ptr<float>() + j * in * out, out, true},
                  dx.data_ptr<float>() + j * rows * in);
      gemm::sgemm(in, out, rows, {x.data_ptr<float>() + j * rows * in, in, true}, {g, out, false},
                  dweight.data_ptr<float>() + j * in * out);
    }
    return {dx, dweight, grad.sum(1), Tensor(), Tensor()};
  }
};

}  // namespace

Tensor block_linear_composed(const Tensor& x, const Tensor& weight, const Tensor& bias, StringView activation,
                             double threshold) {
  check_block_linear(x, weight, bias, activation);
  const auto y = at::baddbmm(bias.unsqueeze(1), x, weight);
  if (activation == "relu") return at::relu(y);
  return activation == "softshrink" ? at::softshrink(y, threshold) : y;
}

Tensor block_linear(const Tensor& x, const Tensor& weight, const Tensor& bias, StringView activation, double threshold) {
  if (!for_kernel(x, weight, bias) || x.numel() == 0) return block_linear_composed(x, weight, bias, activation, threshold);
  check_block_linear(x, weight, bias, activation);
  const bool differentiate =
      c10::GradMode::is_enabled() && (x.requires_grad() || weight.requires_grad() || bias.requires_grad());
  if (!differentiate) return forward_kernel(x, weight, bias, activation, threshold);
  return BlockLinearFunction::apply(x, weight, bias, std::string(activation), threshold);
}

}  // namespace mvh::ops
