// Softmax attention over tokens: softmax(q k^T / sqrt(head_dim)) v, per head.
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>

#include "ops/ops.h"

namespace mvh::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

void check_attention(const Tensor& qkv, int64_t heads) {
  TORCH_CHECK(qkv.dim() == 3 && heads > 0 && qkv.size(2) % (3 * heads) == 0,
              "attention: qkv must be [batch, length, 3 * heads * head_dim] with ", heads, " heads, got ", qkv.sizes());
}

kernels::AttentionShape shape_of(const Tensor& qkv, int64_t heads) {
  return {qkv.size(0), qkv.size(1), heads, qkv.size(2) / (3 * heads)};
}

float scale_of(const kernels::AttentionShape& shape) { return 1.0f / std::sqrt(static_cast<float>(shape.head_dim)); }

Tensor empty_output(const Tensor& qkv) { return at::empty({qkv.size(0), qkv.size(1), qkv.size(2) / 3}, qkv.options()); }

struct AttentionFunction : torch::autograd::Function<AttentionFunction> {
  static Tensor forward(AutogradContext* ctx, const Tensor& qkv_given, int64_t heads) {
    const auto qkv = with_dense_rows(qkv_given);
    const auto shape = shape_of(qkv, heads);
    auto out = empty_output(qkv);
    auto logsumexp = at::empty({shape.batch, heads, shape.length}, qkv.options());
    kernels::attention_forward(shape, rows_of(qkv), scale_of(shape), out.data_ptr<float>(), logsumexp.data_ptr<float>());
    ctx->save_for_backward({qkv_given, out, logsumexp});
    ctx->saved_data["heads"] = heads;
    return out;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const auto qkv = with_dense_rows(saved[0]), grad = with_dense_rows(grads[0]);
    const auto shape = shape_of(qkv, ctx->saved_data["heads"].toInt());
    auto grad_qkv = at::empty(qkv.sizes(), qkv.options());
    kernels::attention_backward(shape, rows_of(qkv), scale_of(shape), saved[1].data_ptr<float>(), saved[2].data_ptr<float>(),
                                rows_of(grad), grad_qkv.data_ptr<float>());
    return {grad_qkv, Tensor()};
  }
};

}  // namespace

Tensor attention_composed(const Tensor& qkv, int64_t heads) {
  check_attention(qkv, heads);
  const auto shape = shape_of(qkv, heads);
  const auto parts = qkv.reshape({shape.batch, shape.length, 3, heads, shape.head_dim}).permute({2, 0, 3, 1, 4});
  const auto scores = at::matmul(parts[0] * scale_of(shape), parts[1].transpose(-1, -2));
  const auto mixed = at::matmul(at::softmax(scores, -1), parts[2]);  // [batch, heads, length, head_dim]
  return mixed.transpose(1, 2).reshape({shape.batch, shape.length, heads * shape.head_dim});
}

Tensor attention(const Tensor& qkv, int64_t heads) {
  if (!for_kernel(qkv) || qkv.numel() == 0) return attention_composed(qkv, heads);
  check_attention(qkv, heads);
  if (c10::GradMode::is_enabled() && qkv.requires_grad()) return AttentionFunction::apply(qkv, heads);
  const auto x = with_dense_rows(qkv);
  const auto shape = shape_of(x, heads);
  auto out = empty_output(x);
  kernels::attention_forward(shape, rows_of(x), scale_of(shape), out.data_ptr<float>(), nullptr);
  return out;
}

}  // namespace mvh::ops
