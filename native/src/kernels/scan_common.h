// What the forward and the backward scan share: the channel groups, the step size, per-thread scratch.
#pragma once
#include <algorithm>
#include <vector>

#include "kernels/kernels.h"
#include "kernels/simd.h"

namespace mvh::kernels {

// Channels per task. A fixed number, so that sums over groups are formed in the same order for any thread count.
constexpr int64_t kScanGroup = 64;
// Rows to fetch ahead: those of one channel run lie a stride apart that the processor does not foresee.
constexpr int64_t kScanRowsAhead = 8;

inline int64_t scan_groups(const ScanShape& s) { return (s.channels + kScanGroup - 1) / kScanGroup; }
inline int64_t scan_chunks(const ScanShape& s) { return (s.length + kScanChunk - 1) / kScanChunk; }
inline int64_t vectors_in(int64_t channels) { return (channels + kLanes - 1) / kLanes; }

/// A run of at most kLanes channels; `count` of them exist.
struct Lanes {
  int64_t first, count;
  Vec read(const float* row) const { return count == kLanes ? load(row + first) : load_first(row + first, count); }
  void write(float* row, Vec v) const { count == kLanes ? store(row + first, v) : store_first(row + first, v, count); }
};

inline Lanes lanes_at(const ScanShape& s, int64_t vector) {
  return {vector * kLanes, std::min<int64_t>(kLanes, s.channels - vector * kLanes)};
}

/// e^x for x <= 0, relative error about 1e-7 at any x (0 below -87). exp() rounds x * log2(e), which costs |x| * 1e-7:
/// too much for a step whose size is e^x. Here ln 2 is subtracted in two parts instead, the first one exactly.
inline Vec exp_accurate(Vec x) {
  const Vec shifted = x * splat(kLog2E) + splat(12582912.0f);  // as in exp2: the whole number ends in the low bits
  const Vec k = shifted - splat(12582912.0f);
  const Vec r = (x - k * splat(0.693359375f)) + k * splat(2.12194440e-4f);  // |r| <= ln(2) / 2
  Vec p = splat(1.0f / 5040);
  for (const float c : {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f}) p = p * r + splat(c);
  p = splat(1.0f) + (r + r * r * p);
  VecInt bits, exponent;
  std::memcpy(&bits, &p, sizeof bits);
  std::memcpy(&exponent, &shifted, sizeof exponent);
  bits += exponent << 23;
  std::memcpy(&p, &bits, sizeof p);
  return x < splat(-87.0f) ? Vec{} : p;
}

/// A step and its derivative by the number before softplus.
struct Step {
  Vec size, slope;
};

/// log(1 + e^x) = max(x, 0) + log1p(e^-|x|), with log1p(e) = 2 artanh(e / (2 + e)): no cancellation for small results.
/// Above 20 this is x to the last bit. NaN stays NaN.
inline Step softplus(Vec x) {
  const Vec e = exp_accurate(min(x, -x));
  const Vec s = e / (splat(2.0f) + e);  // at most 1/3
  const Vec q = s * s;
  Vec p = splat(1.0f / 15);
  for (const float c : {1.0f / 13, 1.0f / 11, 1.0f / 9, 1.0f / 7, 1.0f / 5, 1.0f / 3, 1.0f}) p = p * q + splat(c);
  const auto negative = x < Vec{};
  return {(negative ? Vec{} : x) + splat(2.0f) * s * p, (negative ? e : splat(1.0f)) / (splat(1.0f) + e)};
}

/// One channel run of A as [states] vectors, times `factor`.
inline void load_transition(const ScanShape& s, const float* A, Lanes lanes, float factor, Vec* out) {
  for (int64_t n = 0; n < s.states; n++) {
    Vec v{};
    for (int64_t c = 0; c < lanes.count; c++) v[c] = A[(lanes.first + c) * s.states + n] * factor;
    out[n] = v;
  }
}

/// The step before softplus: delta + bias.
inline Vec raw_step(const ScanInput& in, Lanes lanes, const float* delta_row) {
  const Vec d = lanes.read(delta_row);
  return in.delta_bias != nullptr ? d + lanes.read(in.delta_bias) : d;
}

inline Step step_of(const ScanInput& in, Lanes lanes, const float* delta_row) {
  const Vec raw = raw_step(in, lanes, delta_row);
  return in.softplus ? softplus(raw) : Step{raw, splat(1.0f)};
}

/// Where scan_forward leaves the state before chunk `chunk`: [batch][chunk][vector][state] vectors of kLanes floats.
inline float* saved_state(const ScanShape& s, float* saved, int64_t b, int64_t chunk, int64_t vector) {
  return saved + ((b * scan_chunks(s) + chunk) * vectors_in(s.channels) + vector) * s.states * kLanes;
}

/// Scratch that a thread keeps between tasks.
inline Vec* scan_scratch(size_t vectors) {
  static thread_local std::vector<Vec> buffer;
  if (buffer.size() < vectors) buffer.resize(vectors);
  return buffer.data();
}

}  // namespace mvh::kernels
