#include "handles.h"

#include "data.h"

namespace mvh {
namespace {

constexpr double kSlots = 16777216.0;  // 2^24 slots; the generation takes the 29 bits above

struct Slot {
  at::Tensor tensor;
  int64_t generation = 0;
  int64_t bytes = 0;  // owned by this handle
};

struct Table {
  std::vector<Slot> slots;
  std::vector<uint32_t> free;
  int64_t live = 0;
  int64_t bytes = 0;
  int64_t told = 0;  // of these bytes, what the garbage collector knows of
};

// One table per JavaScript thread: handles of a worker thread mean nothing in another.
Table& table() {
  static thread_local Table t;
  return t;
}

Slot& find(double handle) {
  auto& slots = table().slots;
  const auto index = static_cast<size_t>(handle - std::floor(handle / kSlots) * kSlots);
  const auto generation = static_cast<int64_t>(handle / kSlots);
  if (handle < 0 || index >= slots.size() || slots[index].generation != generation || !slots[index].tensor.defined())
    throw std::runtime_error("tensor was used after it was disposed");
  return slots[index];
}

/// Bytes this handle is the first to own; views and shared storages count once, at their first handle.
int64_t owned_bytes(const at::Tensor& t) {
  if (!t.defined() || !t.has_storage() || t.storage().use_count() > 1) return 0;
  return static_cast<int64_t>(t.storage().nbytes());
}

napi_value dispose(Args& args) {
  const double handle = to_double(args.env(), args[0], "tensor handle");
  Slot& slot = find(handle);
  auto& t = table();
  t.bytes -= slot.bytes;
  slot.bytes = 0;
  slot.tensor.reset();
  slot.generation++;
  t.free.push_back(static_cast<uint32_t>(&slot - t.slots.data()));
  t.live--;
  release_arrays(args.env());
  return args.undefined();
}

/// moveTo(tensor, device): the same handle, its data elsewhere; a leaf stays a leaf, its gradient goes.
napi_value move_to(Args& args) {
  const c10::Device device(to_string(args.env(), args[1], "device"));
  Slot& slot = find(to_double(args.env(), args[0], "tensor handle"));
  if (slot.tensor.device() == device) return args.undefined();
  const bool needs_gradient = slot.tensor.requires_grad();
  slot.tensor = slot.tensor.detach().to(device);
  slot.tensor.set_requires_grad(needs_gradient);
  return args.undefined();
}

/// Tells the garbage collector how many bytes its tensors hold. It answers growth with a collection, so it is told between
/// pieces of work, not at every tensor: what lives inside one would have it collect, many times, what it cannot free.
napi_value tell_collector(Args& args) {
  constexpr int64_t kWorthTelling = 1 << 20;
  auto& t = table();
  const int64_t change = t.bytes - t.told;
  if (std::abs(change) < kWorthTelling) return args.undefined();
  int64_t total;
  napi_adjust_external_memory(args.env(), change, &total);
  t.told = t.bytes;
  return args.undefined();
}

napi_value live_count(Args& args) { return from_double(args.env(), static_cast<double>(table().live)); }
napi_value live_bytes(Args& args) { return from_double(args.env(), static_cast<double>(table().bytes)); }

}  // namespace

double put_tensor(at::Tensor tensor) {
  auto& t = table();
  uint32_t index;
  if (t.free.empty()) {
    if (t.slots.size() >= static_cast<size_t>(kSlots)) throw std::runtime_error("too many live tensors (2^24)");
    index = static_cast<uint32_t>(t.slots.size());
    t.slots.emplace_back();
  } else {
    index = t.free.back();
    t.free.pop_back();
  }
  Slot& slot = t.slots[index];
  slot.bytes = owned_bytes(tensor);
  slot.tensor = std::move(tensor);
  t.live++;
  t.bytes += slot.bytes;
  return static_cast<double>(slot.generation) * kSlots + index;
}

napi_value from_tensor(napi_env env, at::Tensor tensor) {
  if (!tensor.defined()) {
    napi_value null;
    napi_get_null(env, &null);
    return null;
  }
  return from_double(env, put_tensor(std::move(tensor)));
}

at::Tensor& get_tensor(double handle) { return find(handle).tensor; }

at::Tensor& to_tensor(napi_env env, napi_value handle) { return get_tensor(to_double(env, handle, "tensor handle")); }

const std::vector<Export> kHandleExports = {
    {"dispose", exported<dispose>},
    {"moveTo", exported<move_to>},
    {"liveCount", exported<live_count>},
    {"liveBytes", exported<live_bytes>},
    {"tellCollector", exported<tell_collector>}};

}  // namespace mvh
