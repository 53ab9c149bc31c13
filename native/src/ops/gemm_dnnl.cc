// Products by oneDNN, with weights in the layout it prefers, bias and activation fused. Products are cut into pieces by
// their shape alone and each piece runs on one thread: the same bits for any thread count, and no thread waits for a
// disturbed one.
#ifdef MVH_WITH_DNNL
#include <algorithm>
#include <map>

#include "kernels/kernels.h"
#include "kernels/parallel.h"
#include "ops/dnnl_primitives.h"
#include "ops/gemm.h"
#include "ops/packed_weights.h"

namespace mvh::gemm {
using dnnl::memory;

namespace {

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
