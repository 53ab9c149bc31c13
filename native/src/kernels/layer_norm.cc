// Layer normalisation over the last axis, a row at a time.
#include <algorithm>
#include <cmath>

#include "kernels/kernels.h"
#include "kernels/parallel.h"
#include "kernels/simd.h"

namespace mvh::kernels {
namespace {

/// The sum of f(v) over a row; lanes beyond the end do not count.
template <class F>
float sum_row(const float* row, int64_t width, F f) {
  Vec totals[4] = {};
  int64_t i = 0;
  for (; i + 4 * kLanes <= width; i += 4 * kLanes) {
#pragma GCC unroll 4
    for (int v = 0; v < 4; v++) totals[v] += f(load(row + i + v * kLanes));
  }
  for (; i + kLanes <= width; i += kLanes) totals[0] += f(load(row + i));
  float rest = 0;
  for (; i < width; i++) rest += f(splat(row[i]))[0];
  return sum((totals[0] + totals[1]) + (totals[2] + totals[3])) + rest;
}

}  // namespace

void layer_norm(const float* x, int64_t rows, int64_t width, const float* weight, const float* bias, float eps, float* y) {
  constexpr int64_t kRows = 128;  // per task
  const float share = 1.0f / static_cast<float>(width);
  for_each_task((rows + kRows - 1) / kRows, [&](int64_t task) {
    for (int64_t r = task * kRows; r < std::min(rows, (task + 1) * kRows); r++) {
      const float* row = x + r * width;
      float* to = y + r * width;
      // The mean of what a first mean leaves: rows far from zero would lose digits.
      const float near = share * sum_row(row, width, [](Vec v) { return v; });
      const float mean = near + share * sum_row(row, width, [&](Vec v) { return v - splat(near); });
      const Vec centre = splat(mean);
      const float variance = share * sum_row(row, width, [&](Vec v) { return (v - centre) * (v - centre); });
      const float scale = 1.0f / std::sqrt(variance + eps);
      const Vec factor = splat(scale);
      int64_t i = 0;
      for (; i + kLanes <= width; i += kLanes) {
        __builtin_prefetch(row + 2 * width + i);
        __builtin_prefetch(to + 2 * width + i, 1);
        store(to + i, (load(row + i) - centre) * factor * load(weight + i) + load(bias + i));
      }
      for (; i < width; i++) to[i] = (row[i] - mean) * scale * weight[i] + bias[i];
    }
  });
}

}  // namespace mvh::kernels
