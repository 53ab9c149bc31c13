// Selective scan (Mamba): h_t = exp(dt_t A) h_{t-1} + dt_t B_t u_t, y_t = C_t h_t + D u_t.
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "ops/ops.h"

namespace mvh::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

void check_scan(const Tensor& u, const Tensor& delta, const Tensor& A, const Tensor& B, const Tensor& C, const Tensor& D,
                const Tensor& delta_bias) {
  TORCH_CHECK(u.dim() == 3 && u.sizes() == delta.sizes(), "selective_scan: u and delta must both be [batch, length, channels], got ",
              u.sizes(), " and ", delta.sizes());
  TORCH_CHECK(A.dim() == 2 && A.size(0) == u.size(2), "selective_scan: A must be [", u.size(2), ", states], got ", A.sizes());
  const std::vector<int64_t> want{u.size(0), u.size(1), A.size(1)};
  TORCH_CHECK(B.sizes() == want && C.sizes() == want, "selective_scan: B and C must be ", want, ", got ", B.sizes(), " and ",
              C.sizes());
  for (const auto& t : {D, delta_bias})
    TORCH_CHECK(!t.defined() || (t.dim() == 1 && t.size(0) == u.size(2)), "selective_scan: D and delta_bias must be [",
                u.size(2), "], got ", t.sizes());
}

kernels::ScanShape shape_of(const Tensor& u, const Tensor& A) { return {u.size(0), u.size(1), u.size(2), A.size(1)}; }

/// The tensors of one call in the layout the kernels read; keeps copies alive.
struct Prepared {
  Tensor u, delta, A, B, C, D, delta_bias;
  bool softplus;

  Prepared(const variable_list& t, bool softplus)
      : u(with_dense_rows(t[0])), delta(with_dense_rows(t[1])), A(t[2].contiguous()), B(with_dense_rows(t[3])),
        C(with_dense_rows(t[4])), D(t[5].defined() ? t[5].contiguous() : t[5]),
        delta_bias(t[6].defined() ? t[6].contiguous() : t[6]), softplus(softplus) {}

  kernels::ScanInput input() const {
    return {rows_of(u), rows_of(delta), rows_of(B), rows_of(C), A.data_ptr<float>(), data_or_null(D), data_or_null(delta_bias), softplus};
  }
};

Tensor scan_no_gradient(const variable_list& tensors, bool softplus) {
  const Prepared p(tensors, softplus);
  auto y = at::empty(p.u.sizes(), p.u.options());
  kernels::scan_forward(shape_of(p.u, p.A), p.input(), y.data_ptr<float>(), nullptr);
  return y;
}

struct ScanFunction : torch::autograd::Function<ScanFunction> {
  static Tensor forward(AutogradContext* ctx, const Tensor& u, const Tensor& delta, const Tensor& A, const Tensor& B,
                        const Tensor& C, const Optional& D, const Optional& delta_bias, bool softplus) {
    const Tensor d = or_undefined(D), bias = or_undefined(delta_bias);
    const Prepared p({u, delta, A, B, C, d, bias}, softplus);
    const auto shape = shape_of(u, A);
    auto y = at::empty(u.sizes(), u.options());
    auto saved = at::empty({kernels::scan_saved_size(shape)}, u.options());
    kernels::scan_forward(shape, p.input(), y.data_ptr<float>(), saved.data_ptr<float>());
    ctx->save_for_backward({u, delta, A, B, C, d, bias, saved});
    ctx->saved_data["softplus"] = softplus;
    return y;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Prepared p(saved, ctx->saved_data["softplus"].toBool());
    const auto grad_y = with_dense_rows(grads[0]);
    const auto like = [](const Tensor& t) { return t.defined() ? at::empty(t.sizes(), t.options()) : Tensor(); };
    const auto to = [](const Tensor& t) { return t.defined() ? t.data_ptr<float>() : nullptr; };
    Tensor du = like(p.u), ddelta = like(p.delta), dA = like(p.A), dB = like(p.B), dC = like(p.C), dD = like(p.D),
           dbias = like(p.delta_bias);
    kernels::scan_backward(shape_of(p.u, p.A), p.input(), saved[7].data_ptr<float>(), rows_of(grad_y),
                           {to(du), to(ddelta), to(dA), to(dB), to(dC), to(dD), to(dbias)});
    return {du, ddelta, dA, dB, dC, dD, dbias, Tensor()};
  }
};

Tensor gate(const Tensor& y, const Tensor& z) { return z.defined() ? y * at::silu(z) : y; }

}  // namespace

Tensor selective_scan_composed(const Tensor& u, const Tensor& delta, const Tensor& A, const Tensor& B, const Tensor& C,
                               const Optional& D, const Optional& z, const Optional& delta_bias, bool delta_softplus) {
  check_scan(u, delta, A, B, C, or_undefined(D), or_undefined(delta_bias));
  auto dt = delta;
  if (or_undefined(delta_bias).defined()) dt = dt + *delta_bias;
  if (delta_softplus) dt = at::softplus(dt);
  const auto decay = at::exp(dt.unsqueeze(3) * A);                    // [b, l, d, n]
  const auto drive = (dt * u).unsqueeze(3) * B.unsqueeze(2);          // [b, l, d, n]
  auto h = at::zeros({u.size(0), u.size(2), A.size(1)}, u.options());
  std::vector<Tensor> states;
  for (int64_t t = 0; t < u.size(1); t++) {
    h = decay.select(1, t) * h + drive.select(1, t);
    states.push_back(h);
  }
  if (states.empty()) return gate(at::zeros_like(u), or_undefined(z));
  auto y = at::matmul(at::stack(states, 1), C.unsqueeze(3)).squeeze(3);
  if (or_undefined(D).defined()) y = y + u * *D;
  return gate(y, or_undefined(z));
}

Tensor selective_scan(const Tensor& u, const Tensor& delta, const Tensor& A, const Tensor& B, const Tensor& C,
                      const Optional& D, const Optional& z, const Optional& delta_bias, bool delta_softplus) {
  if (!for_kernel(u, delta, A, B, C, D, delta_bias) || u.numel() == 0)
    return selective_scan_composed(u, delta, A, B, C, D, z, delta_bias, delta_softplus);
  const auto d = or_undefined(D), bias = or_undefined(delta_bias);
  check_scan(u, delta, A, B, C, d, bias);
  const variable_list tensors{u, delta, A, B, C, d, bias};
  bool differentiate = false;
  for (const auto& t : tensors) differentiate |= t.defined() && t.requires_grad();
  if (!differentiate || !c10::GradMode::is_enabled()) return gate(scan_no_gradient(tensors, delta_softplus), or_undefined(z));
  return gate(ScanFunction::apply(u, delta, A, B, C, D, delta_bias, delta_softplus), or_undefined(z));
}

}  // namespace mvh::ops
