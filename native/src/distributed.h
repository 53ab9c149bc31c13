#pragma once
#include "napi_util.h"

namespace mvh {
extern const std::vector<Export> kDistributedExports;
}
