// oneDNN: the matmul primitive with weights in the layout it prefers, bias and activation fused. Products are cut into
// pieces by their shape alone and each piece runs on one thread: the same bits for any thread count, and no thread waits
// for a disturbed one.
#ifdef MVH_WITH_DNNL
#include <c10/core/GradMode.h>
#include <dnnl.hpp>
#include <signal.h>

#ifdef _OPENMP
#include <omp.h>
#endif

#include <algorithm>
#include <map>
#include <mutex>
#include <tuple>

#include "kernels/kernels.h"
#include "kernels/parallel.h"
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

/// While it lives, oneDNN makes and runs primitives for the calling thread alone, undisturbed by signals: its AVX-512
/// kernels (seen with 2.6.3) let the stack pointer point into working memory, where the handler of a signal, say of Ctrl-C,
/// would then put its frame. Signals wait until the guard ends.
class Alone {
 public:
  Alone() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &signals_before_);
#ifdef _OPENMP
    threads_before_ = omp_get_max_threads();
    omp_set_num_threads(1);
#endif
  }
  ~Alone() {
#ifdef _OPENMP
    omp_set_num_threads(threads_before_);
#endif
    pthread_sigmask(SIG_SETMASK, &signals_before_, nullptr);
  }
  Alone(const Alone&) = delete;
  Alone& operator=(const Alone&) = delete;

 private:
  sigset_t signals_before_;
  int threads_before_ = 1;
};

/// Part of a product's result that one task computes.
struct Piece {
  int64_t row, rows, col, cols;
};

/// How a result of m x n is cut: into about 16 pieces, of rows first, since they share the weights; few rows are cut into
/// columns, too, and so are pieces that are gone over once more, which should still be in cache then. No piece is too small
/// to be efficient.
struct Cut {
  int64_t m, n, rows, cols;

  Cut(int64_t m, int64_t n, bool again = false) : m(m), n(n) {
    const auto between = [](int64_t value, int64_t most) { return std::max<int64_t>(1, std::min(value, most)); };
    const int64_t down = between(m / 64, 16);
    const int64_t across = down < 8 ? between(n / 256, 16 / down) : again ? between(n / 384, 16) : 1;
    rows = (m + down - 1) / down;
    cols = (n + across - 1) / across;
  }

  int64_t down() const { return (m + rows - 1) / rows; }
  int64_t across() const { return (n + cols - 1) / cols; }
  Piece at(int64_t i) const {
    const int64_t row = i / across() * rows, col = i % across() * cols;
    return {row, std::min(rows, m - row), col, std::min(cols, n - col)};
  }
  template <class F>
  void for_each(F work) const {
    kernels::for_each_task(down() * across(), [&](int64_t i) { work(at(i)); });
  }
};

/// What a primitive depends on: rows, inner, columns, row strides of x and of the result, bias or not, activation.
using Key = std::tuple<int64_t, int64_t, int64_t, int64_t, int64_t, bool, Activation>;

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

struct Product {
  dnnl::matmul::primitive_desc desc;
  dnnl::matmul primitive;
  explicit Product(const Key& key, const Alone& = Alone()) : desc(describe(key)), primitive(desc) {}
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
  const Alone alone;
  dnnl::reorder(given, packed).execute(stream(), given, packed);
  return packed;
}

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

/// Memory of the calling thread, kept for the next call; aligned to a page, as oneDNN's own is.
void* scratchpad(size_t bytes) {
  constexpr size_t kPage = 4096;
  static thread_local std::vector<char> kept;
  if (kept.size() < bytes + kPage) kept.resize(bytes + kPage);
  const auto address = reinterpret_cast<uintptr_t>(kept.data());
  return reinterpret_cast<void*>((address + kPage - 1) / kPage * kPage);
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

}  // namespace

const char* backend_name() { return "oneDNN"; }

void sgemm_alone(int64_t m, int64_t n, int64_t k, Operand a, Operand b, float* c, int64_t c_stride) {
  const Alone alone;
  const auto status = dnnl_sgemm(a.transposed ? 'T' : 'N', b.transposed ? 'T' : 'N', m, n, k, 1.0f, a.data, a.stride, b.data,
                                 b.stride, 0.0f, c, c_stride);
  TORCH_CHECK(status == dnnl_success, "oneDNN sgemm failed for ", m, " x ", k, " x ", n);
}

void sgemm(int64_t m, int64_t n, int64_t k, Operand a, Operand b, float* c) {
  Cut(m, n).for_each([&](Piece p) {
    const float* left = a.data + (a.transposed ? p.row : p.row * a.stride);
    const float* right = b.data + (b.transposed ? p.col * b.stride : p.col);
    sgemm_alone(p.rows, p.cols, k, {left, a.stride, a.transposed}, {right, b.stride, b.transposed}, c + p.row * n + p.col, n);
  });
}

namespace {

/// out = act(x W + bias), piece by piece. `weights(first, count, wanted)` packs columns of W for a primitive; pieces that
/// differ in their row only share them.
template <class F>
void run_pieces(const Matrix& x, int64_t n, const float* bias, Activation activation, float* out, F weights) {
  struct Plan {
    std::shared_ptr<Product> product;
    memory packed;
  };
  const Cut cut(x.rows, n, activation == Activation::Gelu);
  std::map<std::pair<int64_t, int64_t>, Plan> plans;  // by first column and number of rows
  for (int64_t i = 0; i < cut.down() * cut.across(); i++) {
    const Piece p = cut.at(i);
    if (plans.count({p.col, p.rows}) != 0) continue;
    const auto fused = activation == Activation::Gelu ? Activation::None : activation;
    auto product = product_for({p.rows, x.cols, p.cols, x.stride, n, bias != nullptr, fused});
    auto packed = weights(p.col, p.cols, product->desc.weights_desc());
    plans.emplace(std::make_pair(p.col, p.rows), Plan{std::move(product), std::move(packed)});
  }
  cut.for_each([&](Piece p) {
    const auto& plan = plans.at({p.col, p.rows});
    float* to = out + p.row * n + p.col;
    run(*plan.product, x.data + p.row * x.stride, plan.packed, bias == nullptr ? nullptr : bias + p.col, to);
    // Our own, after the product: oneDNN's takes longer.
    if (activation == Activation::Gelu)
      for (int64_t r = 0; r < p.rows; r++) kernels::gelu(to + r * n, p.cols);
  });
}

}  // namespace

struct PackedProduct::Parts {
  std::shared_ptr<Product> product;
  memory weights;
};

PackedProduct::PackedProduct(int64_t rows, int64_t inner, int64_t cols, const float* weight, Activation activation) {
  auto product = product_for({rows, inner, cols, inner, cols, true, activation});
  const memory::desc plain({inner, cols}, memory::data_type::f32, memory::dims{cols, 1});
  auto weights = pack(plain, weight, product->desc.weights_desc());
  parts_ = std::make_shared<const Parts>(Parts{std::move(product), std::move(weights)});
}

void PackedProduct::run(const float* x, const float* bias, float* out) const {
  gemm::run(*parts_->product, x, parts_->weights, bias, out);
}

void linear(const Matrix& x, const at::Tensor& weight, const float* bias, Activation activation, float* out) {
  run_pieces(x, weight.size(0), bias, activation, out, [&](int64_t first, int64_t count, const memory::desc& wanted) {
    return packed_weight(weight, first, count, wanted);
  });
}

void product(const Matrix& x, const float* weight, int64_t n, const float* bias, Activation activation, float* out) {
  run_pieces(x, n, bias, activation, out, [&](int64_t first, int64_t count, const memory::desc& wanted) {
    return pack(memory::desc({x.cols, count}, memory::data_type::f32, memory::dims{n, 1}), weight + first, wanted);
  });
}

}  // namespace mvh::gemm
#endif
