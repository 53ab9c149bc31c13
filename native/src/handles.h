// Table of live tensors. JavaScript holds numbers (slot + generation), so a stale handle is found, not followed.
#pragma once
#include <ATen/ATen.h>

#include "napi_util.h"

namespace mvh {

/// Stores a tensor and returns its handle.
double put_tensor(at::Tensor tensor);
napi_value from_tensor(napi_env env, at::Tensor tensor);

/// Throws when the handle was disposed.
at::Tensor& get_tensor(double handle);
at::Tensor& to_tensor(napi_env env, napi_value handle);

extern const std::vector<Export> kHandleExports;

}  // namespace mvh
