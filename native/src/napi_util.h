// Small helpers over the C Node-API: every exported function is a plain C++ function that may throw.
#pragma once
#include <node_api.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace mvh {

/// A JavaScript exception is already pending; unwinds to the guard without replacing it.
struct PendingException {};

inline void check(napi_env env, napi_status status, const char* what) {
  if (status == napi_ok) return;
  if (status == napi_pending_exception) throw PendingException{};
  throw std::invalid_argument(std::string(what) + " is not of the expected JavaScript type");
}

/// Arguments of one call, at most kMax; missing ones read as undefined.
class Args {
 public:
  static constexpr size_t kMax = 24;
  Args(napi_env env, napi_callback_info info) : env_(env), count_(kMax) {
    napi_get_cb_info(env, info, &count_, values_, nullptr, nullptr);
  }
  size_t size() const { return count_; }
  napi_value operator[](size_t i) const { return i < count_ && i < kMax ? values_[i] : undefined(); }
  napi_env env() const { return env_; }
  napi_value undefined() const {
    napi_value v;
    napi_get_undefined(env_, &v);
    return v;
  }

 private:
  napi_env env_;
  size_t count_;
  napi_value values_[kMax];
};

double to_double(napi_env env, napi_value v, const char* what = "number");
int64_t to_int(napi_env env, napi_value v, const char* what = "integer");
bool to_bool(napi_env env, napi_value v, const char* what = "boolean");
std::string to_string(napi_env env, napi_value v, const char* what = "string");
std::vector<int64_t> to_ints(napi_env env, napi_value v, const char* what = "list of integers");
bool is_nullish(napi_env env, napi_value v);

napi_value from_double(napi_env env, double v);
napi_value from_bool(napi_env env, bool v);
napi_value from_string(napi_env env, const std::string& v);
napi_value from_ints(napi_env env, const int64_t* v, size_t n);

/// Body of an exported function.
using Body = napi_value (*)(Args& args);

/// Calls `body`, turning every C++ exception into a JavaScript Error.
napi_value guarded(napi_env env, napi_callback_info info, Body body) noexcept;

template <Body body>
napi_value exported(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, info, body);
}

struct Export {
  const char* name;
  napi_callback callback;
};

}  // namespace mvh
