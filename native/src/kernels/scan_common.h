// What the forward and the backward scan share: channel groups and chunks, the steps' sizes, the recurrence, scratch.
#pragma once
#include <algorithm>
#include <vector>

#include "kernels/kernels.h"
#include "kernels/simd.h"

namespace mvh::kernels {

/// Channels per task: whole rows where the batch alone gives every thread work, since memory is fastest in a row. From the
/// shape alone, so that sums over groups are formed in the same order for any thread count.
inline int64_t scan_group(const ScanShape& s) {
  constexpr int64_t kStep = 64, kMost = 384, kTasks = 16;
  const int64_t share = (s.channels * s.batch + kTasks - 1) / kTasks;
  return std::min(kMost, (share + kStep - 1) / kStep * kStep);
}

inline int64_t scan_groups(const ScanShape& s) { return (s.channels + scan_group(s) - 1) / scan_group(s); }
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
  const Vec k = (x * splat(kLog2E) + splat(12582912.0f)) - splat(12582912.0f);  // rounds to a whole number
  const Vec r = (x - k * splat(0.693359375f)) + k * splat(2.12194440e-4f);      // |r| <= ln(2) / 2
  Vec p = splat(1.0f / 5040);
  for (const float c : {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f}) p = p * r + splat(c);
  return times_power_of_two(splat(1.0f) + (r + r * r * p), k);
}

/// log(1 + e^x) = max(x, 0) + log1p(e^-|x|), with log1p(e) = 2 artanh(e / (2 + e)): no cancellation for small results.
/// Above 20 this is x to the last bit. NaN stays NaN. `e` is e^-|x|.
inline Vec softplus(Vec x, Vec e) {
  const Vec s = quotient(e, splat(2.0f) + e);  // at most 1/3
  const Vec q = s * s;
  Vec p = splat(1.0f / 15);
  for (const float c : {1.0f / 13, 1.0f / 11, 1.0f / 9, 1.0f / 7, 1.0f / 5, 1.0f / 3, 1.0f}) p = p * q + splat(c);
  return (x < Vec{} ? Vec{} : x) + splat(2.0f) * s * p;
}

/// d log(1 + e^x) / dx.
inline Vec softplus_slope(Vec x, Vec e) { return quotient(x < Vec{} ? e : splat(1.0f), splat(1.0f) + e); }

/// One channel run of A log2(e) as [states] vectors: exp(dt A) = 2^(dt A log2(e)).
inline void load_transition(const ScanShape& s, const float* A, Lanes lanes, Vec* out) {
  for (int64_t n = 0; n < s.states; n++) {
    Vec v{};
    for (int64_t c = 0; c < lanes.count; c++) v[c] = A[(lanes.first + c) * s.states + n] * kLog2E;
    out[n] = v;
  }
}

/// The steps of one batch element from `begin` to `end`, at most kScanChunk.
struct Chunk {
  int64_t b, begin, end;
  int64_t length() const { return end - begin; }
};

/// What the steps of a chunk are driven with, for one channel run.
struct Steps {
  Vec u[kScanChunk], dt[kScanChunk], drive[kScanChunk];  // drive = dt u
  Vec slope[kScanChunk];                                 // d dt / d delta: only for gradients
};

/// Reads u and delta of a chunk. The rows `ahead` steps further are fetched meanwhile: they lie a stride apart that the
/// processor does not foresee.
template <bool kSlope>
inline void read_steps(const ScanShape& s, const ScanInput& in, const Chunk& c, Lanes lanes, int64_t ahead, Steps& out) {
  for (int64_t i = 0; i < c.length(); i++) {
    const int64_t t = c.begin + i, next = std::clamp<int64_t>(t + ahead, 0, s.length - 1);
    __builtin_prefetch(in.u.at(c.b, next) + lanes.first);
    __builtin_prefetch(in.delta.at(c.b, next) + lanes.first);
    const Vec d = lanes.read(in.delta.at(c.b, t)), u = lanes.read(in.u.at(c.b, t));
    Vec dt = in.delta_bias != nullptr ? d + lanes.read(in.delta_bias) : d, slope = splat(1.0f);
    if (in.softplus) {
      const Vec e = exp_accurate(min(dt, -dt));
      if (kSlope) slope = softplus_slope(dt, e);
      dt = softplus(dt, e);
    }
    out.u[i] = u;
    out.dt[i] = dt;
    out.drive[i] = dt * u;
    if (kSlope) out.slope[i] = slope;
  }
}

/// kCount states of a chunk, kept in registers: h = decay h + drive B, then each(i, n, decay, h) for step i and state n.
/// Two states side by side: the exponential is one long chain of operations.
template <int kCount, typename Each>
inline void advance(const ScanInput& in, const Chunk& c, const Steps& steps, const Vec* A, int64_t first, Vec* state,
                    Each&& each) {
  constexpr int kSide = kCount % 2 == 0 ? 2 : 1;
  Vec h[kCount];
#pragma GCC unroll 8
  for (int n = 0; n < kCount; n++) h[n] = state[n];
  for (int64_t i = 0; i < c.length(); i++) {
    const float* B = in.B.at(c.b, c.begin + i) + first;
    const Vec dt = steps.dt[i], drive = steps.drive[i];
#pragma GCC unroll 8
    for (int m = 0; m < kCount; m += kSide) {
      Vec decay[kSide];
#pragma GCC unroll 2
      for (int k = 0; k < kSide; k++) decay[k] = dt * A[m + k];
      exp2_each(decay);
#pragma GCC unroll 2
      for (int k = 0; k < kSide; k++) h[m + k] = decay[k] * h[m + k] + drive * splat(B[m + k]);
#pragma GCC unroll 2
      for (int k = 0; k < kSide; k++) each(i, m + k, decay[k], h[m + k]);
    }
  }
#pragma GCC unroll 8
  for (int n = 0; n < kCount; n++) state[n] = h[n];
}

/// The states before a chunk, from one channel run on, among all saved ones: [batch][chunk][channel run][state] vectors.
template <typename Float>
inline Float* saved_states(const ScanShape& s, Float* saved, int64_t b, int64_t chunk, int64_t vector) {
  return saved + ((b * scan_chunks(s) + chunk) * vectors_in(s.channels) + vector) * s.states * kLanes;
}

/// Scratch that a thread keeps between tasks.
inline Vec* scan_scratch(size_t vectors) {
  static thread_local std::vector<Vec> buffer;
  if (buffer.size() < vectors) buffer.resize(vectors);
  return buffer.data();
}

}  // namespace mvh::kernels
