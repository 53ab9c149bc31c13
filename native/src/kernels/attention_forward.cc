// Attention, forward: scores of a block of queries against a tile of keys, their softmax, their product with the
// values; no length x length matrix. Running maximum and sum make several tiles equal one (FlashAttention,
// arXiv:2205.14135).
#include <cmath>
#include <limits>

#include "kernels/attention_common.h"
#include "kernels/micro_gemm.h"
#include "kernels/parallel.h"

namespace mvh::kernels {
namespace {

/// Running softmax of every query of one head; maxima in units of log2.
struct Running {
  float *maximum, *total, *out;  // [length], [length], [length, padded head_dim]
  int64_t width;
};

/// Turns one row of scores into exp2(score - maximum), zero beyond `count`; returns their sum.
float exponentiate(float* scores, int64_t count, float maximum) {
  const Vec m = splat(maximum);
  Vec total{};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const Vec p = exp2(load(scores + i) - m);
    store(scores + i, p);
    total += p;
  }
  if (i < count) {
    alignas(sizeof(Vec)) float tail[kLanes];
    store(tail, exp2(load(scores + i) - m));
    std::fill(tail + (count - i), tail + kLanes, 0.0f);
    const Vec p = load(tail);
    store(scores + i, p);
    total += p;
  }
  return sum(total);
}

float row_maximum(const float* scores, int64_t count) {
  Vec best = splat(-std::numeric_limits<float>::infinity());
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) best = max(best, load(scores + i));
  float m = largest(best);
  for (; i < count; i++) m = std::max(m, scores[i]);
  return m;
}

/// Softmax of a block of rows against one tile, with what earlier tiles left rescaled.
void absorb_scores(float* scores, int64_t stride, int64_t first, int64_t rows, int64_t keys, bool first_tile, Running& run) {
  for (int64_t r = 0; r < rows; r++) {
    const int64_t q = first + r;
    float* row = scores + r * stride;
    const float tile_max = row_maximum(row, keys);
    const float m = first_tile ? tile_max : std::max(run.maximum[q], tile_max);
    const float total = exponentiate(row, keys, m);
    if (first_tile) {
      run.total[q] = total;
    } else {
      const float keep = std::exp2(run.maximum[q] - m);
      run.total[q] = run.total[q] * keep + total;
      float* out = run.out + q * run.width;
      for (int64_t d = 0; d < run.width; d++) out[d] *= keep;
    }
    run.maximum[q] = m;
  }
}

/// Where one head's result goes: rows of all heads side by side; the logarithm of the sums, or null.
struct HeadResult {
  float* rows;
  int64_t stride;
  float* logsumexp;
};

/// Divides finished rows by their sums, and writes them.
void finish_rows(const AttentionShape& s, int64_t first, int64_t rows, const Running& run, const HeadResult& to) {
  for (int64_t l = first; l < first + rows; l++) {
    const float inverse = 1.0f / run.total[l];
    float* row = to.rows + l * to.stride;
    for (int64_t d = 0; d < s.head_dim; d++) row[d] = run.out[l * run.width + d] * inverse;
    if (to.logsumexp != nullptr) to.logsumexp[l] = (run.maximum[l] + std::log2(run.total[l])) / kLog2E;
  }
}

void run_head(const AttentionShape& s, const Rows& qkv, float scale, int64_t b, int64_t head, const HeadResult& to) {
  const int64_t L = s.length, width = padded(s.head_dim), tile = std::min(L, kKeyTile), tile_width = padded(tile);
  Scratch scratch(s.head_dim * tile_width + tile * width + kQueryBlock * tile_width + L * width + 2 * L + 8 * kLanes);
  float *keys_t = scratch.take(s.head_dim * tile_width), *values = scratch.take(tile * width);
  float* scores = scratch.take(kQueryBlock * tile_width);
  Running run{scratch.take(L), scratch.take(L), scratch.take(L * width), width};
  const HeadRows q = head_rows(s, qkv, b, head, 0), k = head_rows(s, qkv, b, head, 1), v = head_rows(s, qkv, b, head, 2);
  for (int64_t from = 0; from < L; from += kKeyTile) {
    const int64_t count = std::min(kKeyTile, L - from), stride = padded(count);
    pack_transposed(s, k, from, count, scale * kLog2E, keys_t);
    pack_rows(s, v, from, count, values);
    for (int64_t first = 0; first < L; first += kQueryBlock) {
      const int64_t rows = std::min(kQueryBlock, L - first);
      small_product(rows, stride / kLanes, s.head_dim, {q.at(first), q.stride, 1}, {keys_t, stride}, scores, stride, false);
      absorb_scores(scores, stride, first, rows, count, from == 0, run);
      small_product(rows, width / kLanes, count, {scores, stride, 1}, {values, width}, run.out + first * width, width, from != 0);
      if (from + count == L) finish_rows(s, first, rows, run, to);
    }
  }
}

}  // namespace

void attention_forward(const AttentionShape& s, Rows qkv, float scale, float* out, float* logsumexp) {
  const int64_t width = s.heads * s.head_dim;
  for_each_task(s.batch * s.heads, [&](int64_t task) {
    const int64_t b = task / s.heads, head = task % s.heads;
    float* sums = logsumexp == nullptr ? nullptr : logsumexp + task * s.length;
    run_head(s, qkv, scale, b, head, {out + b * s.length * width + head * s.head_dim, width, sums});
  });
}

}  // namespace mvh::kernels
