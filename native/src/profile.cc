// Time per operator, taken by libtorch's own hooks around every operator and every autograd node of this thread.
#include "profile.h"

#include <ATen/record_function.h>

#include <chrono>
#include <map>

namespace mvh {
namespace {

using Clock = std::chrono::steady_clock;

struct Frame {
  Clock::time_point start;
  double inner_ms = 0;  // spent in operators called from this one
  bool backward;        // this one or one around it is an autograd node
};

struct Total {
  int64_t calls = 0;
  double self_ms = 0;
};

struct Profile {
  at::CallbackHandle handle = 0;
  bool running = false;
  std::vector<Frame> open;
  std::map<std::pair<std::string, bool>, Total> totals;  // by name and whether it ran in a backward pass
};

Profile& profile() {
  static thread_local Profile p;
  return p;
}

/// `torch::autograd::CppNode<mvh::ops::(anonymous namespace)::LinearFunction>` -> `LinearFunction`.
std::string short_name(std::string name) {
  const auto last = name.rfind("::");
  const bool wrapped = name.find("CppNode<") != std::string::npos && last != std::string::npos;
  if (!wrapped) return name;
  name = name.substr(last + 2);
  if (!name.empty() && name.back() == '>') name.pop_back();
  return name;
}

std::unique_ptr<at::ObserverContext> on_start(const at::RecordFunction& f) {
  auto& open = profile().open;
  const bool node = f.scope() == at::RecordScope::BACKWARD_FUNCTION;
  open.push_back({Clock::now(), 0, node || (!open.empty() && open.back().backward)});
  return nullptr;
}

void on_end(const at::RecordFunction& f, at::ObserverContext*) {
  auto& p = profile();
  if (p.open.empty()) return;
  const Frame frame = p.open.back();
  p.open.pop_back();
  const double ms = std::chrono::duration<double, std::milli>(Clock::now() - frame.start).count();
  if (!p.open.empty()) p.open.back().inner_ms += ms;
  auto& total = p.totals[{short_name(f.name()), frame.backward}];
  total.calls++;
  total.self_ms += ms - frame.inner_ms;
}

napi_value profile_start(Args& args) {
  auto& p = profile();
  if (p.running) throw std::runtime_error("a profile is already being taken");
  p.open.clear();
  p.totals.clear();
  p.handle = at::addThreadLocalCallback(at::RecordFunctionCallback(on_start, on_end)
                                            .scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION}));
  p.running = true;
  return args.undefined();
}

/// profileStop(): [[name, in a backward pass or not, calls, milliseconds without inner operators], ...]
napi_value profile_stop(Args& args) {
  napi_env env = args.env();
  auto& p = profile();
  if (!p.running) throw std::runtime_error("no profile is being taken");
  at::removeCallback(p.handle);
  p.running = false;
  napi_value rows;
  check(env, napi_create_array_with_length(env, p.totals.size(), &rows), "array");
  uint32_t i = 0;
  for (const auto& [key, total] : p.totals) {
    napi_value row;
    check(env, napi_create_array_with_length(env, 4, &row), "array");
    napi_set_element(env, row, 0, from_string(env, key.first));
    napi_set_element(env, row, 1, from_bool(env, key.second));
    napi_set_element(env, row, 2, from_double(env, static_cast<double>(total.calls)));
    napi_set_element(env, row, 3, from_double(env, total.self_ms));
    napi_set_element(env, rows, i++, row);
  }
  return rows;
}

}  // namespace

const std::vector<Export> kProfileExports = {{"profileStart", exported<profile_start>},
                                             {"profileStop", exported<profile_stop>}};

}  // namespace mvh
