// Work shared among the engine's threads; kernels know no more of threading than this.
#pragma once
#include <cstdint>
#include <functional>

namespace mvh::kernels {

/// Calls task(i) for every i in [0, count), on the engine's threads, each taking the next free i.
/// What task(i) computes must not depend on who runs it, so that results do not depend on the thread count.
void for_each_task(int64_t count, const std::function<void(int64_t)>& task);

}  // namespace mvh::kernels
