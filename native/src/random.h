// Seeded generators, held by JavaScript as small numbers.
#pragma once
#include <ATen/core/Generator.h>

#include "napi_util.h"

namespace mvh {
at::Generator to_generator(napi_env env, napi_value handle);
}
