// y = act(x W^T + b) over the last axis.
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "ops/ops.h"

namespace mvh::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

void check_linear(const Tensor& input, const Tensor& weight, const Tensor& bias) {
  TORCH_CHECK(weight.dim() == 2, "linear: weight must be [out, in], got ", weight.sizes());
  TORCH_CHECK(input.dim() >= 1 && input.size(-1) == weight.size(1), "linear: input ", input.sizes(), " ends in ",
              input.dim() == 0 ? 0 : input.size(-1), ", weight ", weight.sizes(), " takes ", weight.size(1));
  TORCH_CHECK(!bias.defined() || (bias.dim() == 1 && bias.size(0) == weight.size(0)), "linear: bias must be [",
              weight.size(0), "]");
}

gemm::Activation activation_named(StringView name) {
  if (name == "none") return gemm::Activation::None;
  if (name == "gelu") return gemm::Activation::Gelu;
  if (name == "relu") return gemm::Activation::Relu;
  TORCH_CHECK(false, "linear: activation must be none, gelu or relu, got ", std::string(name));
}

Tensor activate(const Tensor& y, gemm::Activation activation) {
  if (activation == gemm::Activation::Gelu) return at::gelu(y);
  if (activation == gemm::Activation::Relu) return at::relu(y);
  return y;
}

/// Rows of `x` as one matrix: free for a contiguous tensor and for a column slice of one. Rows that overlap, as those of an
/// expanded tensor, are copied: a matrix product wants them at least their own length apart.
Tensor as_matrix(const Tensor& x) {
  const bool dense = x.dim() >= 2 && (x.stride(-1) == 1 || x.size(-1) == 1);
  bool regular = dense && (x.size(-2) == 1 || x.stride(-2) >= x.size(-1));
  for (int64_t d = 0; regular && d + 2 < x.dim(); d++) regular = x.stride(d) == x.stride(d + 1) * x.size(d + 1);
  if (regular && x.dim() == 2) return x;
  const int64_t rows = x.size(-1) == 0 ? 0 : x.numel() / x.size(-1);
  if (regular) return x.as_strided({rows, x.size(-1)}, {x.stride(-2), 1});
  return x.reshape({rows, x.size(-1)}).contiguous();
}

std::vector<int64_t> output_sizes(const Tensor& input, int64_t features) {
  auto sizes = input.sizes().vec();
  sizes.back() = features;
  return sizes;
}

Tensor forward_kernel(const Tensor& input, const Tensor& weight, const Tensor& bias, gemm::Activation activation) {
  const auto x = as_matrix(input);
  auto out = at::empty(output_sizes(input, weight.size(0)), input.options());
  if (out.numel() == 0) return out;
  const auto b = bias.defined() ? bias.contiguous() : bias;
  gemm::linear({x.data_ptr<float>(), x.size(0), x.size(1), std::max(x.stride(0), x.size(1))}, weight.contiguous(),
               data_or_null(b), activation, out.data_ptr<float>());
  return out;
}

struct LinearFunction : torch::autograd::Function<LinearFunction> {
  static Tensor forward(AutogradContext* ctx, const Tensor& input, const Tensor& weight, const Optional& bias) {
    ctx->save_for_backward({input, weight});
    ctx->saved_data["bias"] = or_undefined(bias).defined();
    return forward_kernel(input, weight, or_undefined(bias), gemm::Activation::None);
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const auto &input = saved[0], &weight = saved[1];
    const auto grad = as_matrix(grads[0]);
    const int64_t m = grad.size(0), n = weight.size(0), k = weight.size(1);
    const gemm::Operand g{grad.data_ptr<float>(), std::max(grad.stride(0), n), false};
    Tensor grad_input, grad_weight, grad_bias;
    if (ctx->needs_input_grad(0)) {
      grad_input = at::empty(input.sizes(), input.options());
      const auto w = weight.contiguous();
      gemm::sgemm(m, k, n, g, {w.data_ptr<float>(), k, false}, grad_input.data_ptr<float>());
    }
    if (ctx->needs_input_grad(1)) {
      const auto x = as_matrix(input);
      grad_weight = at::empty({n, k}, weight.options());
      gemm::sgemm(n, k, m, {g.data, g.stride, true}, {x.data_ptr<float>(), std::max(x.stride(0), k), false},
                  grad_weight.data_ptr<float>());
    }
    if (ctx->saved_data["bias"].toBool() && ctx->needs_input_grad(2)) grad_bias = grad.sum(0);
    return {grad_input, grad_weight, grad_bias};
  }
};

}  // namespace

Tensor linear_composed(const Tensor& input, const Tensor& weight, const Optional& bias, StringView activation) {
  check_linear(input, weight, or_undefined(bias));
  return activate(at::linear(input, weight, bias), activation_named(activation));
}

Tensor linear(const Tensor& input, const Tensor& weight, const Optional& bias, StringView activation) {
  if (!for_kernel(input, weight, bias) || input.numel() == 0) return linear_composed(input, weight, bias, activation);
  const auto b = or_undefined(bias);
  check_linear(input, weight, b);
  const auto act = activation_named(activation);
  const bool differentiate =
      c10::GradMode::is_enabled() && (input.requires_grad() || weight.requires_grad() || (b.defined() && b.requires_grad()));
  if (!differentiate) return forward_kernel(input, weight, b, act);
  return activate(LinearFunction::apply(input, weight, bias), act);
}

}  // namespace mvh::ops
