#ifdef MVH_WITH_DNNL
#include "ops/dnnl_primitives.h"

#ifdef _OPENMP
#include <omp.h>
#endif

#include <map>
#include <mutex>

namespace mvh::gemm {
namespace {

using dnnl::memory;

const dnnl::engine& engine() {
  static const dnnl::engine e(dnnl::engine::kind::cpu, 0);
  return e;
}

dnnl::stream& stream() {
  static thread_local dnnl::stream s(engine());
  return s;
}

// oneDNN 3 dropped the operation descriptors and the scale of element-wise operations.
#if DNNL_VERSION_MAJOR >= 3
void append(dnnl::post_ops& ops, dnnl::algorithm function) { ops.append_eltwise(function, 0.0f, 0.0f); }

template <class... Descs>
dnnl::matmul::primitive_desc matmul_desc(const dnnl::primitive_attr& attr, const Descs&... descs) {
  return {engine(), descs..., attr};
}
#else
void append(dnnl::post_ops& ops, dnnl::algorithm function) { ops.append_eltwise(1.0f, function, 0.0f, 0.0f); }

template <class... Descs>
dnnl::matmul::primitive_desc matmul_desc(const dnnl::primitive_attr& attr, const Descs&... descs) {
  return {dnnl::matmul::desc(descs...), attr, engine()};
}
#endif

dnnl::primitive_attr attributes(Activation activation) {
  dnnl::primitive_attr attr;
  dnnl::post_ops ops;
  if (activation == Activation::Relu) append(ops, dnnl::algorithm::eltwise_relu);
  attr.set_post_ops(ops);
  // oneDNN keeps one scratchpad per primitive; ours comes per call, so that a primitive may be shared by threads.
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attr;
}

dnnl::matmul::primitive_desc describe(const Key& key) {
  const auto& [m, k, n, stride, out_stride, bias, activation] = key;
  const auto f32 = memory::data_type::f32;
  const memory::desc x({m, k}, f32, memory::dims{stride, 1});
  const memory::desc w({k, n}, f32, memory::format_tag::any);
  const memory::desc y({m, n}, f32, memory::dims{out_stride, 1});
  if (!bias) return matmul_desc(attributes(activation), x, w, y);
  const memory::desc b({1, n}, f32, memory::dims{n, 1});
  return matmul_desc(attributes(activation), x, w, b, y);
}

memory wrap(const memory::desc& desc, const void* data) { return memory(desc, engine(), const_cast<void*>(data)); }

/// Memory of the calling thread, kept for the next call; aligned to a page, as oneDNN's own is.
void* scratchpad(size_t bytes) {
  constexpr size_t kPage = 4096;
  static thread_local std::vector<char> kept;
  if (kept.size() < bytes + kPage) kept.resize(bytes + kPage);
  const auto address = reinterpret_cast<uintptr_t>(kept.data());
  return reinterpret_cast<void*>((address + kPage - 1) / kPage * kPage);
}

}  // namespace

Alone::Alone() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &signals_before_);
#ifdef _OPENMP
  threads_before_ = omp_get_max_threads();
  omp_set_num_threads(1);
#endif
}

Alone::~Alone() {
#ifdef _OPENMP
  omp_set_num_threads(threads_before_);
#endif
  pthread_sigmask(SIG_SETMASK, &signals_before_, nullptr);
}

Product::Product(const Key& key, const Alone&) : desc(describe(key)), primitive(desc) {}

std::shared_ptr<Product> product_for(const Key& key) {
  static std::mutex lock;
  static std::map<Key, std::shared_ptr<Product>> made;
  std::lock_guard<std::mutex> hold(lock);
  auto& entry = made[key];
  if (!entry) {
    if (made.size() > 512) {
      made.clear();
      return made[key] = std::make_shared<Product>(key);
    }
    entry = std::make_shared<Product>(key);
  }
  return entry;
}

memory pack(const memory::desc& plain, const float* data, const memory::desc& wanted) {
  memory given = wrap(plain, data);
  if (wanted == plain) return given;
  memory packed(wanted, engine());
  const Alone alone;
  dnnl::reorder(given, packed).execute(stream(), given, packed);
  return packed;
}

void run(const Product& product, const float* x, const memory& weights, const float* bias, float* out) {
  const auto& d = product.desc;
  // A primitive made for one thread must not meet two when it runs: its scratchpad has room for one.
  const Alone alone;
  void* scratch = scratchpad(d.scratchpad_desc().get_size());
  std::unordered_map<int, memory> args{{DNNL_ARG_SRC, wrap(d.src_desc(), x)},
                                       {DNNL_ARG_WEIGHTS, weights},
                                       {DNNL_ARG_DST, wrap(d.dst_desc(), out)},
                                       {DNNL_ARG_SCRATCHPAD, wrap(d.scratchpad_desc(), scratch)}};
  if (bias != nullptr) args.emplace(DNNL_ARG_BIAS, wrap(d.bias_desc(), bias));
  product.primitive.execute(stream(), args);
}

}  // namespace mvh::gemm
#endif
