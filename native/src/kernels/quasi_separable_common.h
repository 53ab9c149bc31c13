// What the forward and the backward product share: a chunk's decays, its matrix row by row, packing.
#pragma once
#include <algorithm>
#include <cmath>

#include "kernels/attention_common.h"
#include "kernels/micro_gemm.h"
#include "kernels/quasi_separable.h"

namespace mvh::kernels {

// Rows of a chunk's matrix that exist at a time.
constexpr int64_t kMixRows = 48;

enum Direction { kAhead = 0, kBack = 1 };

inline int64_t mix_first(const MixShape& s, int64_t c) { return c * s.chunk; }
inline int64_t mix_count(const MixShape& s, int64_t c) { return std::min(s.chunk, s.length - c * s.chunk); }
inline int64_t mix_group(const MixShape& s, int64_t head) { return head / (s.heads / s.groups); }

/// Scores of one chunk and group: [chunk, padded(chunk)], forward below the diagonal, backward above.
inline int64_t mix_block_size(const MixShape& s) { return s.chunk * padded(s.chunk); }
inline int64_t mix_block_at(const MixShape& s, int64_t b, int64_t c, int64_t group) {
  return ((b * s.chunks + c) * s.groups + group) * mix_block_size(s);
}

inline const float* mix_key(const MixShape& s, const MixInput& in, int64_t b, int64_t l, int64_t d, int64_t group) {
  const auto& k = in.keys;
  return k.data + b * k.batch_stride + l * k.row_stride + d * k.direction_stride + group * s.states;
}

/// The query that reads at token l: that of the token before (forward) or after (backward); null where there is none.
inline const float* mix_query(const MixShape& s, const MixInput& in, int64_t b, int64_t l, int64_t d, int64_t group) {
  const int64_t from = d == kAhead ? l - 1 : l + 1;
  if (from < 0 || from >= s.length) return nullptr;
  const auto& q = in.queries;
  return q.data + b * q.batch_stride + from * q.row_stride + d * q.direction_stride + group * s.states;
}

/// out[i, :] = row(i) * factor[i] for `count` rows of `n` floats, `stride` apart, zero behind and where there is no row.
template <class Row>
void mix_pack(int64_t count, int64_t n, int64_t stride, Row row, const float* factor, float* out) {
  for (int64_t i = 0; i < count; i++) {
    const float* from = row(i);
    const float f = factor != nullptr ? factor[i] : 1.0f;
    float* to = out + i * stride;
    for (int64_t k = 0; k < n; k++) to[k] = from != nullptr ? from[k] * f : 0.0f;
    for (int64_t k = n; k < stride; k++) to[k] = 0.0f;
  }
}

/// out[k, i] = in[i, k] for in [rows, cols] with `stride` floats per row; out rows are padded(rows) long, zero behind.
inline void mix_transpose(int64_t rows, int64_t cols, const float* in, int64_t stride, float* out) {
  const int64_t width = padded(rows);
  for (int64_t k = 0; k < cols; k++) {
    float* to = out + k * width;
    for (int64_t i = 0; i < rows; i++) to[i] = in[i * stride + k];
    for (int64_t i = rows; i < width; i++) to[i] = 0.0f;
  }
}

/// A sum of dt A in units of log 2, as two floats: far apart sums keep exact differences.
struct Sums {
  float *high, *low;
  void put(int64_t k, double v) const {
    high[k] = static_cast<float>(v);
    low[k] = static_cast<float>(v - high[k]);
  }
};

// What remains below this share counts as nothing: denormal numbers would make the products many times slower.
constexpr float kForgottenLog2 = -90.0f;

/// exp(sum), for sums of dt A.
inline float remaining(double sum) {
  return sum < kForgottenLog2 * 0.6931471805599453 ? 0.0f : static_cast<float>(std::exp(sum));
}

/// One direction of one head in one chunk. All arrays have padded(chunk) entries, zero behind the last token.
struct Decays {
  Sums up_to, before;        // sums over the chunk's tokens, with and without the token itself
  float *steps;              // dt
  float *from_start;         // what remains of the received state at a token
  float *to_end;             // what remains of a token in the state it is added to
  float *weight;             // dt * to_end
  float total;               // what remains of the received state at the other end

  static int64_t size(const MixShape& s) { return 8 * padded(s.chunk); }

  Decays(const MixShape& s, float* memory) : total(1) {
    float** const arrays[] = {&up_to.high, &up_to.low, &before.high, &before.low, &steps, &from_start, &to_end, &weight};
    for (float** array : arrays) {
      *array = memory;
      memory += padded(s.chunk);
    }
  }

  void fill(const MixShape& s, const MixInput& in, int64_t b, int64_t c, int64_t head, int64_t d) {
    const int64_t first = mix_first(s, c), count = mix_count(s, c);
    const auto step_at = [&](int64_t k) { return in.steps[((b * s.length + first + k) * 2 + d) * s.heads + head]; };
    const double rate = in.rate[head];
    double sum = 0, all = 0;
    for (int64_t k = 0; k < count; k++) all += step_at(k) * rate;
    for (int64_t k = 0; k < count; k++) {
      const double previous = sum;
      steps[k] = step_at(k);
      sum += steps[k] * rate;
      before.put(k, previous * 1.4426950408889634);
      up_to.put(k, sum * 1.4426950408889634);
      const double rest = std::min(0.0, all - sum);
      from_start[k] = remaining(d == kAhead ? previous : rest);
      to_end[k] = remaining(d == kAhead ? rest : previous);
      weight[k] = steps[k] * to_end[k];
    }
    total = remaining(all);
    for (int64_t k = count; k < padded(s.chunk); k++) {
      before.put(k, 0);
      up_to.put(k, 0);
      steps[k] = from_start[k] = to_end[k] = weight[k] = 0;
    }
  }
};

/// Columns of a vector that lie below or above the diagonal of row i.
struct Sides {
  VecInt below, above;
};

inline Sides sides_of(int64_t i, int64_t column, int64_t count) {
  VecInt index;
  for (int k = 0; k < kLanes; k++) index[k] = static_cast<int32_t>(column) + k;
  const VecInt row = index * 0 + static_cast<int32_t>(i), end = index * 0 + static_cast<int32_t>(count);
  return {index < row, (index > row) & (index < end)};
}

/// What remains of tokens column.. at token i, and their steps; both 0 on the diagonal and behind the last token.
struct Cells {
  Vec decay, step;
};

inline Cells cells_at(const Decays& ahead, const Decays& back, int64_t i, int64_t column, const Sides& sides) {
  const Vec lower = (splat(ahead.before.high[i]) - load(ahead.up_to.high + column)) +
                    (splat(ahead.before.low[i]) - load(ahead.up_to.low + column));
  const Vec upper = (load(back.before.high + column) - splat(back.up_to.high[i])) +
                    (load(back.before.low + column) - splat(back.up_to.low[i]));
  const Vec exponent = sides.below ? lower : upper;
  const Vec decay = exponent < splat(kForgottenLog2) ? Vec{} : exp2(exponent);
  const Vec step = sides.below ? load(ahead.steps + column) : load(back.steps + column);
  const VecInt any = sides.below | sides.above;
  return {any ? decay : Vec{}, any ? step : Vec{}};
}

}  // namespace mvh::kernels
