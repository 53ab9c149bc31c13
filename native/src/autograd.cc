// Gradients: mode switches, requires_grad, backward.
#include "autograd.h"

#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/variable.h>

#include "handles.h"

namespace mvh {
namespace {

napi_value set_grad_enabled(Args& args) {
  const bool before = c10::GradMode::is_enabled();
  c10::GradMode::set_enabled(to_bool(args.env(), args[0]));
  return from_bool(args.env(), before);
}

napi_value set_requires_grad(Args& args) {
  to_tensor(args.env(), args[0]).set_requires_grad(to_bool(args.env(), args[1]));
  return args.undefined();
}

napi_value requires_grad(Args& args) { return from_bool(args.env(), to_tensor(args.env(), args[0]).requires_grad()); }

napi_value backward(Args& args) {
  auto& root = to_tensor(args.env(), args[0]);
  std::vector<at::Tensor> gradients;
  if (!is_nullish(args.env(), args[1])) gradients.push_back(to_tensor(args.env(), args[1]));
  const bool retain = !is_nullish(args.env(), args[2]) && to_bool(args.env(), args[2]);
  torch::autograd::backward({root}, gradients, retain);
  return args.undefined();
}

napi_value gradient(Args& args) { return from_tensor(args.env(), to_tensor(args.env(), args[0]).grad()); }

napi_value clear_gradient(Args& args) {
  to_tensor(args.env(), args[0]).mutable_grad().reset();
  return args.undefined();
}

}  // namespace

const std::vector<Export> kAutogradExports = {
    {"setGradEnabled", exported<set_grad_enabled>}, {"setRequiresGrad", exported<set_requires_grad>},
    {"requiresGrad", exported<requires_grad>},      {"backward", exported<backward>},
    {"gradient", exported<gradient>},               {"clearGradient", exported<clear_gradient>}};

}  // namespace mvh
