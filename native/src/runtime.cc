// What the engine is and how it is set up: versions, threads, devices, random generators, allocator.
#include "runtime.h"

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <dlfcn.h>
#include <malloc.h>
#include <torch/version.h>

#include "handles.h"
#include "kernels/kernels.h"
#include "ops/gemm.h"
#include "random.h"

namespace mvh {
namespace {

napi_value set_threads(Args& args) {
  at::set_num_threads(static_cast<int>(to_int(args.env(), args[0], "thread count")));
  return args.undefined();
}

napi_value threads(Args& args) { return from_double(args.env(), at::get_num_threads()); }

/// Name of the BLAS that answers at run time; the reference BLAS has no self-description.
std::string blas_name() {
  using Config = char* (*)();
  for (const char* symbol : {"openblas_get_config", "openblas_get_config64_"}) {
    if (auto* f = reinterpret_cast<Config>(dlsym(RTLD_DEFAULT, symbol))) return f();
  }
  if (dlsym(RTLD_DEFAULT, "mkl_get_version_string") || dlsym(RTLD_DEFAULT, "MKL_Get_Version_String")) return "MKL";
  return "reference BLAS or unknown";
}

napi_value about(Args& args) {
  napi_env env = args.env();
  napi_value out;
  check(env, napi_create_object(env, &out), "object");
  const auto set = [&](const char* key, napi_value v) { napi_set_named_property(env, out, key, v); };
  set("libtorch", from_string(env, TORCH_VERSION));
  set("blas", from_string(env, blas_name()));
  set("matmul", from_string(env, gemm::backend_name()));
  set("vectorWidth", from_double(env, kernels::vector_width()));
  set("parallel", from_string(env, at::get_parallel_info()));
  set("config", from_string(env, at::show_config()));
  set("cuda", from_bool(env, at::hasCUDA()));
  set("cudaDevices", from_double(env, at::hasCUDA() ? static_cast<double>(at::getNumGPUs()) : 0));
  return out;
}

/// The kernels were compiled for one instruction set; says what is missing here instead of dying of SIGILL.
napi_value missing_instructions(Args& args) {
  std::string missing;
#if defined(__x86_64__)
  const int width = kernels::vector_width();
  if (width >= 16 && !(__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl"))) missing = "AVX-512";
  if (width >= 8 && !(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))) missing = "AVX2 and FMA";
#endif
  return from_string(args.env(), missing);
}

napi_value exponentials(Args& args) {
  return from_double(args.env(), kernels::exponentials(to_int(args.env(), args[0], "count")));
}

std::vector<at::Generator>& generators() {
  static thread_local std::vector<at::Generator> list;
  return list;
}

napi_value make_generator(Args& args) {
  const c10::Device device(to_string(args.env(), args[1]));
  auto generator = at::globalContext().defaultGenerator(device).clone();
  generator.set_current_seed(static_cast<uint64_t>(to_int(args.env(), args[0], "seed")));
  auto& list = generators();
  size_t slot = 0;
  while (slot < list.size() && list[slot].defined()) slot++;
  if (slot == list.size()) list.emplace_back();
  list[slot] = std::move(generator);
  return from_double(args.env(), static_cast<double>(slot));
}

napi_value drop_generator(Args& args) {
  generators().at(static_cast<size_t>(to_int(args.env(), args[0]))) = at::Generator();
  return args.undefined();
}

napi_value generator_state(Args& args) { return from_tensor(args.env(), to_generator(args.env(), args[0]).get_state()); }

napi_value set_generator_state(Args& args) {
  to_generator(args.env(), args[0]).set_state(to_tensor(args.env(), args[1]));
  return args.undefined();
}

/// Without this, glibc gives every large activation back to the system and page-faults it in again at the next
/// operation; kept memory is bounded by the peak.
const bool kAllocatorTuned = [] {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 512 << 20);
#endif
  return true;
}();

}  // namespace

at::Generator to_generator(napi_env env, napi_value handle) {
  auto generator = generators().at(static_cast<size_t>(to_int(env, handle, "generator")));
  if (!generator.defined()) throw std::runtime_error("generator was used after it was disposed");
  return generator;
}

const std::vector<Export> kRuntimeExports = {{"setThreads", exported<set_threads>},
                                             {"threads", exported<threads>},
                                             {"about", exported<about>},
                                             {"exponentials", exported<exponentials>},
                                             {"missingInstructions", exported<missing_instructions>},
                                             {"makeGenerator", exported<make_generator>},
                                             {"dropGenerator", exported<drop_generator>},
                                             {"generatorState", exported<generator_state>},
                                             {"setGeneratorState", exported<set_generator_state>}};

}  // namespace mvh
