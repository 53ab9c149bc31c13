// oneDNN: the matmul primitive with weights in the layout it prefers, bias and activation fused.
#ifdef MVH_WITH_DNNL
#include <c10/core/GradMode.h>
#include <dnnl.hpp>

#include <map>
#include <mutex>
#include <tuple>

#include "ops/gemm.h"

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

/// What a primitive depends on: rows, inner, columns, row stride of x, bias or not, activation.
using Key = std::tuple<int64_t, int64_t, int64_t, int64_t, bool, Activation>;

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
  if (activation == Activation::Gelu) append(ops, dnnl::algorithm::eltwise_gelu_erf);
  if (activation == Activation::Relu) append(ops, dnnl::algorithm::eltwise_relu);
  attr.set_post_ops(ops);
  // oneDNN keeps one scratchpad per primitive; ours comes per call, so that a primitive may be shared by threads.
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attr;
}

dnnl::matmul::primitive_desc describe(const Key& key) {
  const auto& [m, k, n, stride, bias, activation] = key;
  const auto f32 = memory::data_type::f32;
  const memory::desc x({m, k}, f32, memory::dims{stride, 1});
  const memory::desc w({k, n}, f32, memory::format_tag::any);
  const memory::desc y({m, n}, f32, memory::dims{n, 1});
  if (!bias) return matmul_desc(attributes(activation), x, w, y);
  const memory::desc b({1, n}, f32, memory::dims{n, 1});
  return matmul_desc(attributes(activation), x, w, b, y);
}

struct Product {
  dnnl::matmul::primitive_desc desc;
  dnnl::matmul primitive;
  explicit Product(const Key& key) : desc(describe(key)), primitive(desc) {}
};

/// Primitives cost milliseconds to make; a program uses few shapes over and over.
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

memory wrap(const memory::desc& desc, const void* data) { return memory(desc, engine(), const_cast<void*>(data)); }

memory pack(const memory::desc& plain, const float* data, const memory::desc& wanted) {
  memory given = wrap(plain, data);
  if (wanted == plain) return given;
  memory packed(wanted, engine());
  dnnl::reorder(given, packed).execute(stream(), given, packed);
  return packed;
}

struct Packed {
  c10::weak_intrusive_ptr<c10::TensorImpl> owner;
  uint32_t version;
  memory weights;
};

std::mutex packed_lock;
std::multimap<const c10::TensorImpl*, Packed> packed_weights;

void drop_dead() {
  for (auto it = packed_weights.begin(); it != packed_weights.end();)
    it = it->second.owner.expired() ? packed_weights.erase(it) : std::next(it);
}

memory::desc transposed_desc(int64_t k, int64_t n) {
  return memory::desc({k, n}, memory::data_type::f32, memory::dims{1, k});
}

memory packed_weight(const at::Tensor& weight, const memory::desc& wanted) {
  const auto plain = transposed_desc(weight.size(1), weight.size(0));
  const float* data = weight.data_ptr<float>();
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
    if (it->second.weights.get_desc() == wanted) return it->second.weights;
    ++it;
  }
  drop_dead();
  memory packed = pack(plain, data, wanted);
  c10::weak_intrusive_ptr<c10::TensorImpl> owner(weight.getIntrusivePtr());
  packed_weights.emplace(key, Packed{std::move(owner), version, packed});
  return packed;
}

void run(const Product& product, const float* x, const memory& weights, const float* bias, float* out) {
  const auto& d = product.desc;
  static thread_local std::vector<char> scratch;
  const auto need = d.scratchpad_desc().get_size();
  if (scratch.size() < need) scratch.resize(need);
  std::unordered_map<int, memory> args{{DNNL_ARG_SRC, wrap(d.src_desc(), x)},
                                       {DNNL_ARG_WEIGHTS, weights},
                                       {DNNL_ARG_DST, wrap(d.dst_desc(), out)},
                                       {DNNL_ARG_SCRATCHPAD, wrap(d.scratchpad_desc(), scratch.data())}};
  if (bias != nullptr) args.emplace(DNNL_ARG_BIAS, wrap(d.bias_desc(), bias));
  product.primitive.execute(stream(), args);
}

}  // namespace

const char* backend_name() { return "oneDNN"; }

void sgemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const float* a, int64_t lda,
           const float* b, int64_t ldb, float beta, float* c, int64_t ldc) {
  const auto status = dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', m, n, k, 1.0f, a, lda, b, ldb, beta, c, ldc);
  TORCH_CHECK(status == dnnl_success, "oneDNN sgemm failed for ", m, " x ", k, " x ", n);
}

void linear(const Matrix& x, const at::Tensor& weight, const float* bias, Activation activation, float* out) {
  const auto product = product_for({x.rows, x.cols, weight.size(0), x.stride, bias != nullptr, activation});
  run(*product, x.data, packed_weight(weight, product->desc.weights_desc()), bias, out);
}

void product(const Matrix& x, const float* weight, int64_t n, const float* bias, Activation activation, float* out) {
  const auto made = product_for({x.rows, x.cols, n, x.stride, bias != nullptr, activation});
  const memory::desc plain({x.cols, n}, memory::data_type::f32, memory::dims{n, 1});
  run(*made, x.data, pack(plain, weight, made->desc.weights_desc()), bias, out);
}

}  // namespace mvh::gemm
#endif
