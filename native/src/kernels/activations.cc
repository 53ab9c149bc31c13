// Functions of single numbers, over rows that a product has just left in cache.
#include <algorithm>

#include "kernels/kernels.h"
#include "kernels/simd.h"

namespace mvh::kernels {
namespace {

/// x (1 + erf(x / sqrt 2)) / 2 with erf by Abramowitz and Stegun 7.1.26, absolute error below 1.5e-7: for a = |x| / sqrt 2
/// and t = 1 / (1 + 0.3275911 a), 1 - erf(a) = (polynomial in t) e^(-a a), so that gelu(x) = max(x, 0) - |x| (1 - erf(a)) / 2.
Vec gelu(Vec x) {
  // Beyond 100 the last term is zero, also for infinite numbers.
  const Vec size = min(splat(100.0f), max(-x, x)), a = size * splat(0.707106781f);
  const Vec t = quotient(splat(1.0f), splat(1.0f) + splat(0.3275911f) * a);
  Vec p = splat(1.061405429f);
  for (const float c : {-1.453152027f, 1.421413741f, -0.284496736f, 0.254829592f}) p = p * t + splat(c);
  const Vec beyond = p * t * exp2(a * a * splat(-kLog2E));
  return max(splat(0.0f), x) - splat(0.5f) * size * beyond;
}

}  // namespace

void gelu(float* x, int64_t count) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) store(x + i, gelu(load(x + i)));
  if (i < count) store_first(x + i, gelu(load_first(x + i, count - i)), count - i);
}

void softshrink(float* x, int64_t count, float threshold) {
  // x minus x clamped to [-threshold, threshold]; vectorises without a branch.
  for (int64_t i = 0; i < count; i++) x[i] -= std::min(std::max(x[i], -threshold), threshold);
}

}  // namespace mvh::kernels
