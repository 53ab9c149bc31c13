// Module entry: collects the exports of each file.
#include "autograd.h"
#include "data.h"
#include "dispatch.h"
#include "distributed.h"
#include "handles.h"
#include "profile.h"
#include "runtime.h"

namespace {

napi_value init(napi_env env, napi_value exports) {
  for (const auto* table : {&mvh::kHandleExports, &mvh::kDispatchExports, &mvh::kDataExports, &mvh::kAutogradExports,
                            &mvh::kRuntimeExports, &mvh::kProfileExports, &mvh::kDistributedExports}) {
    for (const auto& entry : *table) {
      napi_value fn;
      if (napi_create_function(env, entry.name, NAPI_AUTO_LENGTH, entry.callback, nullptr, &fn) != napi_ok) return nullptr;
      napi_set_named_property(env, exports, entry.name, fn);
    }
  }
  return exports;
}

}  // namespace

NAPI_MODULE(mvhybrid, init)
