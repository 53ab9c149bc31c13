#ifdef MVH_WITH_DNNL
#include "ops/packed_weights.h"

#include <c10/core/GradMode.h>

#include <map>
#include <mutex>

#include "ops/dnnl_primitives.h"

namespace mvh::gemm {
using dnnl::memory;

namespace {

/// Packed columns of x W^T, that is rows [first, ...) of a weight.
struct Packed {
  c10::weak_intrusive_ptr<c10::TensorImpl> owner;
  uint32_t version;
  int64_t first;
  memory weights;
};

std::mutex packed_lock;
std::multimap<const c10::TensorImpl*, Packed> packed_weights;

void drop_dead() {
  for (auto it = packed_weights.begin(); it != packed_weights.end();)
    it = it->second.owner.expired() ? packed_weights.erase(it) : std::next(it);
}

}  // namespace

memory packed_weight(const at::Tensor& weight, int64_t first, int64_t count, const memory::desc& wanted) {
  const int64_t k = weight.size(1);
  const memory::desc plain({k, count}, memory::data_type::f32, memory::dims{1, k});
  const float* data = weight.data_ptr<float>() + first * k;
  // Only a parameter at rest is worth keeping: temporaries die, and training changes the weight every step.
  if (c10::GradMode::is_enabled() || !weight.requires_grad()) return pack(plain, data, wanted);
  const auto* key = weight.unsafeGetTensorImpl();
  const auto version = static_cast<uint32_t>(weight._version());
  std::lock_guard<std::mutex> hold(packed_lock);
  const auto range = packed_weights.equal_range(key);
  for (auto it = range.first; it != range.second;) {
    if (it->second.owner.expired() || it->second.version != version) {
      it = packed_weights.erase(it);
      continue;
    }
    if (it->second.first == first && it->second.weights.get_desc() == wanted) return it->second.weights;
    ++it;
  }
  drop_dead();
  memory packed = pack(plain, data, wanted);
  c10::weak_intrusive_ptr<c10::TensorImpl> owner(weight.getIntrusivePtr());
  packed_weights.emplace(key, Packed{std::move(owner), version, first, packed});
  return packed;
}

}  // namespace mvh::gemm
#endif
