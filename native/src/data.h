#pragma once
#include "napi_util.h"

namespace mvh {
/// Lets go of the typed arrays whose last tensor has died since the last call.
void release_arrays(napi_env env);

extern const std::vector<Export> kDataExports;
}
