// Groups of processes: sums and copies of tensors over libtorch's c10d, with Gloo on the CPU and NCCL on GPUs. Which of
// them exist is decided when the addon is built.
#include "distributed.h"

#include <ATen/ATen.h>

#include <chrono>
#include <map>
#include <memory>

#include "handles.h"

#if defined(USE_C10D_GLOO) || defined(USE_C10D_NCCL)
#define MVH_WITH_C10D
#include <c10/core/GradMode.h>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <torch/csrc/distributed/c10d/Types.hpp>
#endif
#ifdef USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#endif
#ifdef USE_C10D_NCCL
#include <cstdlib>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

namespace mvh {
namespace {

std::vector<std::string> backends() {
  std::vector<std::string> names;
#ifdef USE_C10D_GLOO
  names.push_back("gloo");
#endif
#ifdef USE_C10D_NCCL
  names.push_back("nccl");
#endif
  return names;
}

napi_value distributed_backends(Args& args) {
  napi_env env = args.env();
  const auto names = backends();
  napi_value out;
  check(env, napi_create_array_with_length(env, names.size(), &out), "array");
  for (size_t i = 0; i < names.size(); i++) napi_set_element(env, out, i, from_string(env, names[i]));
  return out;
}

#ifdef MVH_WITH_C10D

/// One group, whatever it runs on.
class Group {
 public:
  virtual ~Group() = default;
  /// Where the tensors of a call must lie: Gloo takes them on the CPU.
  virtual bool stages_on_cpu() const = 0;
  virtual void all_reduce(at::Tensor& flat, bool maximum) = 0;
  virtual void broadcast(at::Tensor& flat, int root) = 0;
};

template <class Backend, bool OnCpu>
class GroupOn : public Group {
 public:
  GroupOn(c10::intrusive_ptr<Backend> backend, std::chrono::milliseconds timeout)
      : backend_(std::move(backend)), timeout_(timeout) {}

  bool stages_on_cpu() const override { return OnCpu; }

  void all_reduce(at::Tensor& flat, bool maximum) override {
    c10d::AllreduceOptions options;
    options.timeout = timeout_;
    options.reduceOp = maximum ? c10d::ReduceOp::MAX : c10d::ReduceOp::SUM;
    std::vector<at::Tensor> one{flat};
    backend_->allreduce(one, options)->wait(timeout_);
  }

  void broadcast(at::Tensor& flat, int root) override {
    c10d::BroadcastOptions options;
    options.timeout = timeout_;
    options.rootRank = root;
    std::vector<at::Tensor> one{flat};
    backend_->broadcast(one, options)->wait(timeout_);
  }

 private:
  c10::intrusive_ptr<Backend> backend_;
  std::chrono::milliseconds timeout_;
};

struct Setup {
  std::string backend, address, network_interface;
  int port, rank, size;
  std::chrono::milliseconds rendezvous, operation;
};

c10::intrusive_ptr<c10d::Store> open_store(const Setup& setup) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<uint16_t>(setup.port);
  options.isServer = setup.rank == 0;
  options.numWorkers = static_cast<size_t>(setup.size);
  options.timeout = setup.rendezvous;
  c10::intrusive_ptr<c10d::Store> store = c10::make_intrusive<c10d::TCPStore>(setup.address, options);
  // The store opens for process 0 even when the others stay away; this wait does not.
  std::vector<std::string> names;
  for (int rank = 0; rank < setup.size; rank++) names.push_back("present/" + std::to_string(rank));
  store->set(names[static_cast<size_t>(setup.rank)], std::vector<uint8_t>{1});
  store->wait(names, setup.rendezvous);
  return store;
}

#ifdef USE_C10D_GLOO
std::unique_ptr<Group> open_gloo(const Setup& setup, const c10::intrusive_ptr<c10d::Store>& store) {
  using Gloo = c10d::ProcessGroupGloo;
  const bool loopback = setup.address == "localhost" || setup.address.rfind("127.", 0) == 0;
  // The group's own time, not that of a call, ends its threads; all processes are here once the store is.
  auto options = Gloo::Options::create(setup.operation);
  options->threads = 2;
  if (!setup.network_interface.empty())
    options->devices.push_back(Gloo::createDeviceForInterface(setup.network_interface));
  else
    options->devices.push_back(loopback ? Gloo::createDeviceForHostname("127.0.0.1") : Gloo::createDefaultDevice());
  auto backend = c10::make_intrusive<Gloo>(store, setup.rank, setup.size, options);
  return std::make_unique<GroupOn<Gloo, true>>(std::move(backend), setup.operation);
}
#endif

#ifdef USE_C10D_NCCL
std::unique_ptr<Group> open_nccl(const Setup& setup, const c10::intrusive_ptr<c10d::Store>& store) {
  using Nccl = c10d::ProcessGroupNCCL;
  // Waiting blocks until the result is there or the time is over; otherwise a lost process would go unnoticed here.
  setenv("NCCL_BLOCKING_WAIT", "1", 0);        // libtorch before 2.2
  setenv("TORCH_NCCL_BLOCKING_WAIT", "1", 0);  // since
  auto options = Nccl::Options::create();
  options->timeout = setup.operation;
  auto backend = c10::make_intrusive<Nccl>(store, setup.rank, setup.size, options);
  return std::make_unique<GroupOn<Nccl, false>>(std::move(backend), setup.operation);
}
#endif

std::unique_ptr<Group> open(const Setup& setup) {
#ifdef USE_C10D_GLOO
  if (setup.backend == "gloo") return open_gloo(setup, open_store(setup));
#endif
#ifdef USE_C10D_NCCL
  if (setup.backend == "nccl") return open_nccl(setup, open_store(setup));
#endif
  throw std::runtime_error("this engine was built without " + setup.backend);
}

// Never destroyed: a process that ends without closing its group must not wait for the group's threads.
std::map<int64_t, std::unique_ptr<Group>>& groups() {
  static auto* open_groups = new std::map<int64_t, std::unique_ptr<Group>>();
  return *open_groups;
}

Group& group_at(napi_env env, napi_value handle) {
  const auto found = groups().find(to_int(env, handle, "group"));
  if (found == groups().end()) throw std::runtime_error("group was used after it was closed");
  return *found->second;
}

std::vector<at::Tensor> to_tensors(napi_env env, napi_value v) {
  uint32_t count;
  check(env, napi_get_array_length(env, v, &count), "list of tensors");
  std::vector<at::Tensor> out;
  for (uint32_t i = 0; i < count; i++) {
    napi_value item;
    check(env, napi_get_element(env, v, i, &item), "list of tensors");
    out.push_back(to_tensor(env, item).detach());
  }
  return out;
}

constexpr size_t kBucketBytes = 32 << 20;

/// Calls `work` on flat copies of runs of tensors of one type and device, then copies the results back: many small
/// tensors cost one message, and no message grows without bound.
template <class Work>
void in_buckets(const std::vector<at::Tensor>& tensors, bool on_cpu, Work work) {
  for (size_t begin = 0; begin < tensors.size();) {
    size_t end = begin, bytes = 0;
    std::vector<at::Tensor> parts;
    const auto fits = [&](const at::Tensor& t) {
      const auto& first = tensors[begin];
      return t.scalar_type() == first.scalar_type() && t.device() == first.device() &&
             (end == begin || bytes + t.nbytes() <= kBucketBytes);
    };
    for (; end < tensors.size() && fits(tensors[end]); end++) {
      bytes += tensors[end].nbytes();
      parts.push_back(tensors[end].reshape({-1}));
    }
    auto flat = at::cat(parts);
    if (on_cpu) flat = flat.cpu();
    if (flat.numel() != 0) work(flat);
    int64_t offset = 0;
    for (size_t i = begin; i < end; i++) {
      const auto& t = tensors[i];
      t.copy_(flat.narrow(0, offset, t.numel()).view(t.sizes()));
      offset += t.numel();
    }
    begin = end;
  }
}

napi_value open_group(Args& args) {
  napi_env env = args.env();
  static int64_t next = 0;
  Setup setup;
  setup.backend = to_string(env, args[0], "backend");
  setup.address = to_string(env, args[1], "address");
  setup.port = static_cast<int>(to_int(env, args[2], "port"));
  setup.rank = static_cast<int>(to_int(env, args[3], "rank"));
  setup.size = static_cast<int>(to_int(env, args[4], "size"));
  setup.rendezvous = std::chrono::milliseconds(to_int(env, args[5], "rendezvous time"));
  setup.operation = std::chrono::milliseconds(to_int(env, args[6], "operation time"));
  setup.network_interface = to_string(env, args[7], "network interface");
  auto group = open(setup);
  groups()[next] = std::move(group);
  return from_double(env, static_cast<double>(next++));
}

napi_value group_all_reduce(Args& args) {
  const c10::AutoGradMode no_gradient(false);
  auto& group = group_at(args.env(), args[0]);
  const bool maximum = to_bool(args.env(), args[2], "maximum");
  in_buckets(to_tensors(args.env(), args[1]), group.stages_on_cpu(),
             [&](at::Tensor& flat) { group.all_reduce(flat, maximum); });
  return args.undefined();
}

napi_value group_broadcast(Args& args) {
  const c10::AutoGradMode no_gradient(false);
  auto& group = group_at(args.env(), args[0]);
  const int root = static_cast<int>(to_int(args.env(), args[2], "root"));
  in_buckets(to_tensors(args.env(), args[1]), group.stages_on_cpu(),
             [&](at::Tensor& flat) { group.broadcast(flat, root); });
  return args.undefined();
}

napi_value close_group(Args& args) {
  groups().erase(to_int(args.env(), args[0], "group"));
  return args.undefined();
}

#else

napi_value open_group(Args&) { throw std::runtime_error("this engine was built without process groups"); }
napi_value group_all_reduce(Args& args) { return open_group(args); }
napi_value group_broadcast(Args& args) { return open_group(args); }
napi_value close_group(Args& args) { return args.undefined(); }

#endif

}  // namespace

const std::vector<Export> kDistributedExports = {{"distributedBackends", exported<distributed_backends>},
                                                 {"openGroup", exported<open_group>},
                                                 {"groupAllReduce", exported<group_all_reduce>},
                                                 {"groupBroadcast", exported<group_broadcast>},
                                                 {"closeGroup", exported<close_group>}};

}  // namespace mvh
