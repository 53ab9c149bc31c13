// Depthwise convolution along the length of [batch, length, channels], zero padded to keep the length.
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "ops/ops.h"

namespace mvh::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

void check_conv(const Tensor& x, const Tensor& weight, const Tensor& bias, int64_t pad_left) {
  TORCH_CHECK(x.dim() == 3, "depthwise_conv1d: x must be [batch, length, channels], got ", x.sizes());
  TORCH_CHECK(weight.dim() == 2 && weight.size(0) == x.size(2), "depthwise_conv1d: weight must be [", x.size(2),
              ", taps], got ", weight.sizes());
  TORCH_CHECK(pad_left >= 0 && pad_left < weight.size(1), "depthwise_conv1d: pad_left must be in 0..", weight.size(1) - 1,
              ", got ", pad_left);
  TORCH_CHECK(!bias.defined() || (bias.dim() == 1 && bias.size(0) == x.size(2)), "depthwise_conv1d: bias must be [",
              x.size(2), "], got ", bias.sizes());
}

Tensor forward_kernel(const Tensor& x_given, const Tensor& weight_given, const Tensor& bias_given, int64_t pad_left, bool silu) {
  const auto x = with_dense_rows(x_given), weight = weight_given.contiguous();
  const auto bias = bias_given.defined() ? bias_given.contiguous() : bias_given;
  auto y = at::empty(x.sizes(), x.options());
  kernels::conv_forward({x.size(0), x.size(1), x.size(2), weight.size(1), pad_left}, rows_of(x), weight.data_ptr<float>(),
                        data_or_null(bias), silu, y.data_ptr<float>());
  return y;
}

struct ConvFunction : torch::autograd::Function<ConvFunction> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& weight, const Optional& bias, int64_t pad_left,
                        bool silu) {
    ctx->save_for_backward({x, weight, or_undefined(bias)});
    ctx->saved_data["pad_left"] = pad_left;
    ctx->saved_data["silu"] = silu;
    return forward_kernel(x, weight, or_undefined(bias), pad_left, silu);
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const auto x = with_dense_rows(saved[0]), weight = saved[1].contiguous(), grad = with_dense_rows(grads[0]);
    const auto bias = saved[2].defined() ? saved[2].contiguous() : saved[2];
    auto dx = at::empty(x.sizes(), x.options()), dweight = at::empty_like(weight);
    auto dbias = bias.defined() ? at::empty_like(bias) : Tensor();
    kernels::conv_backward({x.size(0), x.size(1), x.size(2), weight.size(1), ctx->saved_data["pad_left"].toInt()}, rows_of(x),
                           weight.data_ptr<float>(), data_or_null(bias), ctx->saved_data["silu"].toBool(), rows_of(grad),
                           dx.data_ptr<float>(), dweight.data_ptr<float>(), bias.defined() ? dbias.data_ptr<float>() : nullptr);
    return {dx, dweight, dbias, Tensor(), Tensor()};
  }
};

}  // namespace

Tensor depthwise_conv1d_composed(const Tensor& x, const Tensor& weight, const Optional& bias, int64_t pad_left, bool silu) {
  check_conv(x, weight, or_undefined(bias), pad_left);
  const int64_t taps = weight.size(1);
  const auto padded = at::constant_pad_nd(x.transpose(1, 2), {pad_left, taps - 1 - pad_left});
  const auto y = at::conv1d(padded, weight.unsqueeze(1), bias, at::IntArrayRef{1}, at::IntArrayRef{0}, at::IntArrayRef{1}, x.size(2)).transpose(1, 2);
  return silu ? at::silu(y) : y;
}

Tensor depthwise_conv1d(const Tensor& x, const Tensor& weight, const Optional& bias, int64_t pad_left, bool silu) {
  if (!for_kernel(x, weight, bias) || x.numel() == 0 || weight.size(-1) > kernels::conv_max_taps())
    return depthwise_conv1d_composed(x, weight, bias, pad_left, silu);
  const auto b = or_undefined(bias);
  check_conv(x, weight, b, pad_left);
  const bool differentiate =
      c10::GradMode::is_enabled() && (x.requires_grad() || weight.requires_grad() || (b.defined() && b.requires_grad()));
  if (!differentiate) return forward_kernel(x, weight, b, pad_left, silu);
  return ConvFunction::apply(x, weight, bias, pad_left, silu);
}

}  // namespace mvh::ops
