// Attention, backward: probabilities are recomputed from the saved log-sum-exp, block by block.
//   P = exp(S - lse), dV = P^T dO, dP = dO V^T, dS = P (dP - rowsum(dO O)), dQ = scale dS K, dK = scale dS^T Q
#include "kernels/attention_common.h"
#include "kernels/micro_gemm.h"
#include "kernels/parallel.h"

namespace mvh::kernels {
namespace {

struct Saved {
  const float *out, *logsumexp;
  Rows grad_out;
};

/// Turns scores into probabilities and their gradients into gradients of the scores; zero beyond `count`.
void score_gradients(float* scores, float* grads, int64_t stride, int64_t count, float lse, float dot) {
  const Vec shift = splat(lse * kLog2E), d = splat(dot);
  for (int64_t i = 0; i < stride; i += kLanes) {
    const Vec p = exp2(load(scores + i) - shift);
    store(scores + i, p);
    store(grads + i, p * (load(grads + i) - d));
  }
  for (int64_t i = count; i < stride; i++) scores[i] = grads[i] = 0;
}

/// sum_d out[l, d] grad_out[l, d] for every row of one head.
void row_dots(const AttentionShape& s, const Saved& saved, int64_t b, int64_t head, float* dots) {
  for (int64_t l = 0; l < s.length; l++) {
    const float* o = saved.out + (b * s.length + l) * s.heads * s.head_dim + head * s.head_dim;
    const float* g = saved.grad_out.at(b, l) + head * s.head_dim;
    float total = 0;
    for (int64_t d = 0; d < s.head_dim; d++) total += o[d] * g[d];
    dots[l] = total;
  }
}

void write_rows(const AttentionShape& s, const float* rows, int64_t first, int64_t count, int64_t width, float factor,
                float* to) {
  const int64_t stride = 3 * s.heads * s.head_dim;
  for (int64_t l = 0; l < count; l++)
    for (int64_t d = 0; d < s.head_dim; d++) to[(first + l) * stride + d] = rows[l * width + d] * factor;
}

void run_head(const AttentionShape& s, const Rows& qkv, float scale, const Saved& saved, int64_t b, int64_t head, float* grad) {
  const int64_t L = s.length, width = padded(s.head_dim), vectors = width / kLanes;
  const int64_t tile = std::min(L, kKeyTile), tile_width = padded(tile);
  Scratch scratch(2 * s.head_dim * tile_width + 3 * tile * width + 2 * kQueryBlock * tile_width + 3 * L * width + L + 16 * kLanes);
  float *keys_t = scratch.take(s.head_dim * tile_width), *values_t = scratch.take(s.head_dim * tile_width);
  float *keys = scratch.take(tile * width), *grad_keys = scratch.take(tile * width), *grad_values = scratch.take(tile * width);
  float *scores = scratch.take(kQueryBlock * tile_width), *grads = scratch.take(kQueryBlock * tile_width);
  float *queries = scratch.take(L * width), *grad_queries = scratch.take(L * width), *grad_out = scratch.take(L * width);
  float* dots = scratch.take(L);
  const HeadRows q = head_rows(s, qkv, b, head, 0), k = head_rows(s, qkv, b, head, 1), v = head_rows(s, qkv, b, head, 2);
  const float* lse = saved.logsumexp + (b * s.heads + head) * L;
  float* to = grad + b * L * 3 * s.heads * s.head_dim + head * s.head_dim;
  const int64_t part = s.heads * s.head_dim;
  row_dots(s, saved, b, head, dots);
  pack_rows(s, q, 0, L, queries);
  pack_rows(s, {saved.grad_out.at(b, 0) + head * s.head_dim, saved.grad_out.row_stride}, 0, L, grad_out);
  for (int64_t from = 0; from < L; from += kKeyTile) {
    const int64_t count = std::min(kKeyTile, L - from), stride = padded(count);
    pack_transposed(s, k, from, count, scale * kLog2E, keys_t);
    pack_transposed(s, v, from, count, 1.0f, values_t);
    pack_rows(s, k, from, count, keys);
    for (int64_t first = 0; first < L; first += kQueryBlock) {
      const int64_t rows = std::min(kQueryBlock, L - first);
      const float *Q = queries + first * width, *G = grad_out + first * width;
      small_product(rows, stride / kLanes, s.head_dim, {Q, width, 1}, {keys_t, stride}, scores, stride, false);
      small_product(rows, stride / kLanes, s.head_dim, {G, width, 1}, {values_t, stride}, grads, stride, false);
      for (int64_t r = 0; r < rows; r++)
        score_gradients(scores + r * stride, grads + r * stride, stride, count, lse[first + r], dots[first + r]);
      small_product(count, vectors, rows, {scores, 1, stride}, {G, width}, grad_values, width, first != 0);
      small_product(count, vectors, rows, {grads, 1, stride}, {Q, width}, grad_keys, width, first != 0);
      small_product(rows, vectors, count, {grads, stride, 1}, {keys, width}, grad_queries + first * width, width, from != 0);
    }
    write_rows(s, grad_keys, from, count, width, scale, to + part);
    write_rows(s, grad_values, from, count, width, 1.0f, to + 2 * part);
  }
  write_rows(s, grad_queries, 0, L, width, scale, to);
}

}  // namespace

void attention_backward(const AttentionShape& shape, Rows qkv, float scale, const float* out, const float* logsumexp,
                        Rows grad_out, float* grad_qkv) {
  const Saved saved{out, logsumexp, grad_out};
  for_each_task(shape.batch * shape.heads, [&](int64_t task) {
    run_head(shape, qkv, scale, saved, task / shape.heads, task % shape.heads, grad_qkv);
  });
}

}  // namespace mvh::kernels
