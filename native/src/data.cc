// Typed arrays <-> tensors, without copying where both sides can share the bytes.
#include "data.h"

#include <mutex>

#include "handles.h"

namespace mvh {
namespace {

// A tensor over a typed array keeps that array alive by a reference. References may only be dropped on the
// JavaScript thread, while a tensor may die on any: the deleter queues, the next disposal or call here drains.
std::mutex release_lock;
std::vector<std::pair<napi_env, napi_ref>> to_release;

struct Bytes {
  void* data;
  size_t length;
};

Bytes bytes_of(napi_env env, napi_value v) {
  napi_typedarray_type type;
  size_t length, offset;
  void* data;
  napi_value buffer;
  check(env, napi_get_typedarray_info(env, v, &type, &length, &data, &buffer, &offset), "typed array");
  static const size_t widths[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};
  return {data, length * widths[type]};
}

void check_size(const Bytes& bytes, const std::vector<int64_t>& shape, at::ScalarType dtype) {
  int64_t count = 1;
  for (const auto n : shape) count *= n;
  const auto need = static_cast<size_t>(count) * c10::elementSize(dtype);
  if (need != bytes.length)
    throw std::invalid_argument("shape and dtype ask for " + std::to_string(need) + " bytes, the array has " +
                                std::to_string(bytes.length));
}

/// fromBytes(array, shape, dtype, device): a copy on the device.
napi_value from_bytes(Args& args) {
  napi_env env = args.env();
  release_arrays(env);
  const auto bytes = bytes_of(env, args[0]);
  const auto shape = to_ints(env, args[1]);
  const auto dtype = static_cast<at::ScalarType>(to_int(env, args[2]));
  check_size(bytes, shape, dtype);
  auto host = at::empty(shape, at::TensorOptions().dtype(dtype));
  if (bytes.length != 0) std::memcpy(host.data_ptr(), bytes.data, bytes.length);
  return from_tensor(env, host.to(c10::Device(to_string(env, args[3]))));
}

/// shareBytes(array, shape, dtype): a CPU tensor over the array's own memory; a write on either side shows on both.
napi_value share_bytes(Args& args) {
  napi_env env = args.env();
  release_arrays(env);
  const auto bytes = bytes_of(env, args[0]);
  const auto shape = to_ints(env, args[1]);
  const auto dtype = static_cast<at::ScalarType>(to_int(env, args[2]));
  check_size(bytes, shape, dtype);
  napi_ref reference;
  check(env, napi_create_reference(env, args[0], 1, &reference), "typed array");
  auto queue = [env, reference](void*) {
    std::lock_guard<std::mutex> hold(release_lock);
    to_release.emplace_back(env, reference);
  };
  return from_tensor(env, at::from_blob(bytes.data, shape, queue, at::TensorOptions().dtype(dtype)));
}

/// toBuffer(tensor): an ArrayBuffer with the elements in row-major order. Shares the tensor's memory when that is
/// already so on the CPU and `share` is true; otherwise holds a copy.
napi_value to_buffer(Args& args) {
  napi_env env = args.env();
  release_arrays(env);
  auto& tensor = to_tensor(env, args[0]);
  const bool share = to_bool(env, args[1]);
  auto host = tensor.detach().to(at::kCPU).contiguous();
  napi_value buffer;
  if (share && host.nbytes() != 0) {
    auto* keep = new at::Tensor(host);
    auto drop = [](napi_env, void*, void* hint) { delete static_cast<at::Tensor*>(hint); };
    const auto status = napi_create_external_arraybuffer(env, host.data_ptr(), host.nbytes(), drop, keep, &buffer);
    if (status == napi_ok) return buffer;
    delete keep;  // hosts that forbid external buffers get a copy
  }
  void* data;
  check(env, napi_create_arraybuffer(env, host.nbytes(), &data, &buffer), "buffer");
  if (host.nbytes() != 0) std::memcpy(data, host.data_ptr(), host.nbytes());
  return buffer;
}

napi_value shape(Args& args) {
  const auto sizes = to_tensor(args.env(), args[0]).sizes();
  return from_ints(args.env(), sizes.data(), sizes.size());
}

napi_value dtype(Args& args) {
  return from_double(args.env(), static_cast<double>(to_tensor(args.env(), args[0]).scalar_type()));
}

napi_value device(Args& args) { return from_string(args.env(), to_tensor(args.env(), args[0]).device().str()); }

}  // namespace

void release_arrays(napi_env env) {
  std::lock_guard<std::mutex> hold(release_lock);
  for (size_t i = 0; i < to_release.size();) {
    if (to_release[i].first != env) {
      i++;
      continue;
    }
    napi_delete_reference(env, to_release[i].second);
    to_release[i] = to_release.back();
    to_release.pop_back();
  }
}

const std::vector<Export> kDataExports = {{"fromBytes", exported<from_bytes>}, {"shareBytes", exported<share_bytes>},
                                          {"toBuffer", exported<to_buffer>},   {"shape", exported<shape>},
                                          {"dtype", exported<dtype>},          {"device", exported<device>}};

}  // namespace mvh
