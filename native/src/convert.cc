// JavaScript values <-> C++ values, and the one place where C++ exceptions become JavaScript errors.
#include <c10/util/Exception.h>

#include "napi_util.h"

namespace mvh {

double to_double(napi_env env, napi_value v, const char* what) {
  double out;
  check(env, napi_get_value_double(env, v, &out), what);
  return out;
}

int64_t to_int(napi_env env, napi_value v, const char* what) {
  double out;
  napi_valuetype type;
  napi_typeof(env, v, &type);
  if (type == napi_bigint) {
    int64_t big;
    bool lossless;
    check(env, napi_get_value_bigint_int64(env, v, &big, &lossless), what);
    return big;
  }
  check(env, napi_get_value_double(env, v, &out), what);
  if (out != static_cast<double>(static_cast<int64_t>(out)))
    throw std::invalid_argument(std::string(what) + " must be a whole number, got " + std::to_string(out));
  return static_cast<int64_t>(out);
}

bool to_bool(napi_env env, napi_value v, const char* what) {
  bool out;
  check(env, napi_get_value_bool(env, v, &out), what);
  return out;
}

std::string to_string(napi_env env, napi_value v, const char* what) {
  size_t length;
  check(env, napi_get_value_string_utf8(env, v, nullptr, 0, &length), what);
  std::string out(length, '\0');
  check(env, napi_get_value_string_utf8(env, v, &out[0], length + 1, &length), what);
  return out;
}

std::vector<int64_t> to_ints(napi_env env, napi_value v, const char* what) {
  uint32_t n;
  check(env, napi_get_array_length(env, v, &n), what);
  std::vector<int64_t> out(n);
  for (uint32_t i = 0; i < n; i++) {
    napi_value item;
    check(env, napi_get_element(env, v, i, &item), what);
    out[i] = to_int(env, item, what);
  }
  return out;
}

bool is_nullish(napi_env env, napi_value v) {
  napi_valuetype type;
  napi_typeof(env, v, &type);
  return type == napi_undefined || type == napi_null;
}

napi_value from_double(napi_env env, double v) {
  napi_value out;
  check(env, napi_create_double(env, v, &out), "number");
  return out;
}

napi_value from_bool(napi_env env, bool v) {
  napi_value out;
  check(env, napi_get_boolean(env, v, &out), "boolean");
  return out;
}

napi_value from_string(napi_env env, const std::string& v) {
  napi_value out;
  check(env, napi_create_string_utf8(env, v.data(), v.size(), &out), "string");
  return out;
}

napi_value from_ints(napi_env env, const int64_t* v, size_t n) {
  napi_value out;
  check(env, napi_create_array_with_length(env, n, &out), "array");
  for (size_t i = 0; i < n; i++) napi_set_element(env, out, i, from_double(env, static_cast<double>(v[i])));
  return out;
}

napi_value guarded(napi_env env, napi_callback_info info, Body body) noexcept {
  std::string message;
  try {
    Args args(env, info);
    return body(args);
  } catch (const PendingException&) {
    return nullptr;
  } catch (const c10::Error& e) {
    message = e.what_without_backtrace();
  } catch (const std::exception& e) {
    message = e.what();
  } catch (...) {
    message = "unknown C++ exception";
  }
  napi_throw_error(env, nullptr, message.c_str());
  return nullptr;
}

}  // namespace mvh
