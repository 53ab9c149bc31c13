// y = (x - mean) / sqrt(variance + eps) * weight + bias over the last axis. With gradients libtorch's own.
#include <c10/core/GradMode.h>

#include "ops/ops.h"

namespace mvh::ops {

Tensor layer_norm_composed(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  return at::layer_norm(x, weight.sizes(), weight, bias, eps);
}

Tensor layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  TORCH_CHECK(weight.dim() == 1 && x.dim() >= 1 && x.size(-1) == weight.size(0) && bias.sizes() == weight.sizes(),
              "layer_norm: needs x [..., width], weight [width], bias [width], got ", x.sizes(), ", ", weight.sizes(), ", ",
              bias.sizes());
  const bool differentiate =
      c10::GradMode::is_enabled() && (x.requires_grad() || weight.requires_grad() || bias.requires_grad());
  if (differentiate || !for_kernel(x, weight, bias) || x.numel() == 0) return layer_norm_composed(x, weight, bias, eps);
  const auto rows = x.contiguous(), factors = weight.contiguous(), shifts = bias.contiguous();
  auto y = at::empty(rows.sizes(), rows.options());
  kernels::layer_norm(rows.data_ptr<float>(), rows.numel() / weight.size(0), weight.size(0), factors.data_ptr<float>(),
                      shifts.data_ptr<float>(), static_cast<float>(eps), y.data_ptr<float>());
  return y;
}

}  // namespace mvh::ops
