// Depthwise convolution over the length: lanes are channels. Forward by rows, backward by channel runs.
#include <algorithm>
#include <vector>

#include "kernels/kernels.h"
#include "kernels/parallel.h"
#include "kernels/simd.h"

namespace mvh::kernels {
namespace {

constexpr int64_t kGroup = 128;  // channels per task, whatever the thread count
constexpr int64_t kMaxTaps = 64;

struct Run {
  int64_t first, count;  // channels
  Vec read(const float* row) const { return count == kLanes ? load(row + first) : load_first(row + first, count); }
  void write(float* row, Vec v) const { count == kLanes ? store(row + first, v) : store_first(row + first, v, count); }
};

int64_t groups_of(const ConvShape& s) { return (s.channels + kGroup - 1) / kGroup; }

template <class F>
void for_each_run(const ConvShape& s, int64_t group, F f) {
  const int64_t end = std::min(s.channels, (group + 1) * kGroup);
  for (int64_t c = group * kGroup; c < end; c += kLanes) f(Run{c, std::min<int64_t>(kLanes, end - c)});
}

void load_taps(const ConvShape& s, const float* weight, Run run, Vec* taps) {
  for (int64_t k = 0; k < s.taps; k++) {
    Vec v{};
    for (int64_t c = 0; c < run.count; c++) v[c] = weight[(run.first + c) * s.taps + k];
    taps[k] = v;
  }
}

int64_t padded_size(const ConvShape& s) { return s.length + s.taps - 1; }

/// One channel run of x with its zero padding: out[i] is position i - pad_left. Reading the run once into dense rows spares
/// the bounds checks, and the cache sets that rows a power of two apart would all share.
void read_padded(const ConvShape& s, const Rows& x, int64_t b, Run run, Vec* out) {
  std::fill(out, out + s.pad_left, Vec{});
  for (int64_t t = 0; t < s.length; t++) out[s.pad_left + t] = run.read(x.at(b, t));
  std::fill(out + s.pad_left + s.length, out + padded_size(s), Vec{});
}

/// The sum before the activation over the rows at `window`. kTaps is the compile-time tap count, or 0.
template <int kTaps>
Vec convolve(const ConvShape& s, const Vec* window, const Vec* taps, Vec bias) {
  const int64_t count = kTaps != 0 ? kTaps : s.taps;
  Vec y = bias;
  for (int64_t k = 0; k < count; k++) y += taps[k] * window[k];
  return y;
}

/// Rows [begin, end) of one batch element, whole rows at a time: memory is read and written in its order, and a row is in
/// the nearest cache when the later ones need it again. `taps` is [channel run, tap].
template <int kTaps>
void forward_rows(const ConvShape& s, const Rows& x, const Vec* taps, const float* bias, bool silu, int64_t b, int64_t begin,
                  int64_t end, float* y) {
  const int64_t count = kTaps != 0 ? kTaps : s.taps;
  for (int64_t t = begin; t < end; t++) {
    const int64_t first = std::max<int64_t>(0, s.pad_left - t), last = std::min(count, s.length + s.pad_left - t);
    const float* row = x.at(b, t - s.pad_left);
    float* to = y + (b * s.length + t) * s.channels;
    const Vec* own = taps;
    for (int64_t c = 0; c < s.channels; c += kLanes, own += count) {
      const Run run{c, std::min<int64_t>(kLanes, s.channels - c)};
      Vec a = bias != nullptr ? run.read(bias) : Vec{};
      if (kTaps != 0 && first == 0 && last == count) {
#pragma GCC unroll 8
        for (int64_t k = 0; k < kTaps; k++) a += own[k] * run.read(row + k * x.row_stride);
      } else {
        for (int64_t k = first; k < last; k++) a += own[k] * run.read(row + k * x.row_stride);
      }
      run.write(to, silu ? a * sigmoid(a) : a);
    }
  }
}

/// What a channel run of one batch element adds to the gradients of the weight and the bias, and where it goes.
struct ConvSums {
  float *weight, *bias;
};

/// Gradients of one channel run. `padded` is scratch for x, `inner` for the gradients before the activation between
/// taps - 1 zeros on either side, so that x[t] meets the outputs t + pad_left - k it took part in without bounds checks.
template <int kTaps>
void backward_run(const ConvShape& s, const Rows& x, const float* weight, const float* bias, bool silu, const Rows& grad_y,
                  int64_t b, Run run, Vec* padded, Vec* inner, float* grad_x, ConvSums sums) {
  constexpr int64_t room = kTaps != 0 ? kTaps : kMaxTaps;
  const int64_t count = kTaps != 0 ? kTaps : s.taps;
  Vec taps[room], grad_taps[room] = {}, grad_shift{};
  load_taps(s, weight, run, taps);
  read_padded(s, x, b, run, padded);
  const Vec shift = bias != nullptr ? run.read(bias) : Vec{};
  Vec* first = inner + count - 1;
  for (int64_t t = 0; t < s.length; t++) {
    Vec g = run.read(grad_y.at(b, t));
    if (silu) {
      const Vec a = convolve<kTaps>(s, padded + t, taps, shift), gate = sigmoid(a);
      g *= gate * (splat(1.0f) + a * (splat(1.0f) - gate));
    }
    first[t] = g;
    grad_shift += g;
  }
  for (int64_t t = 0; t < s.length; t++) {
    const Vec value = padded[s.pad_left + t];
    const Vec* reached = first + t + s.pad_left;
    Vec g{};
    for (int64_t k = 0; k < count; k++) {
      g += taps[k] * reached[-k];
      grad_taps[k] += value * reached[-k];
    }
    run.write(grad_x + (b * s.length + t) * s.channels, g);
  }
  for (int64_t c = 0; c < run.count; c++)
    for (int64_t k = 0; k < count; k++) sums.weight[(run.first + c) * count + k] = grad_taps[k][c];
  if (sums.bias != nullptr) run.write(sums.bias, grad_shift);
}

/// out = sum over batch elements of `parts`, in order.
void add_parts(const std::vector<float>& parts, int64_t count, float* out) {
  std::copy(parts.begin(), parts.begin() + count, out);
  for (size_t at = static_cast<size_t>(count); at < parts.size(); at += static_cast<size_t>(count))
    for (int64_t i = 0; i < count; i++) out[i] += parts[at + static_cast<size_t>(i)];
}

}  // namespace

int64_t conv_max_taps() { return kMaxTaps; }

void conv_forward(const ConvShape& s, Rows x, const float* weight, const float* bias, bool silu, float* y) {
  constexpr int64_t kRows = 64;  // per task
  const int64_t runs = (s.channels + kLanes - 1) / kLanes, pieces = (s.length + kRows - 1) / kRows;
  std::vector<Vec> taps(static_cast<size_t>(runs * s.taps));
  for (int64_t i = 0; i < runs; i++) {
    load_taps(s, weight, {i * kLanes, std::min<int64_t>(kLanes, s.channels - i * kLanes)}, taps.data() + i * s.taps);
  }
  const auto run_with = s.taps == 4 ? forward_rows<4> : s.taps == 7 ? forward_rows<7> : forward_rows<0>;
  for_each_task(s.batch * pieces, [&](int64_t task) {
    const int64_t begin = task % pieces * kRows;
    run_with(s, x, taps.data(), bias, silu, task / pieces, begin, std::min(s.length, begin + kRows), y);
  });
}

void conv_backward(const ConvShape& s, Rows x, const float* weight, const float* bias, bool silu, Rows grad_y, float* grad_x,
                   float* grad_weight, float* grad_bias) {
  const int64_t groups = groups_of(s), weights = s.channels * s.taps;
  std::vector<float> weight_parts(static_cast<size_t>(s.batch * weights));
  std::vector<float> bias_parts(static_cast<size_t>(grad_bias != nullptr ? s.batch * s.channels : 0));
  const auto run_with = s.taps == 4 ? backward_run<4> : s.taps == 7 ? backward_run<7> : backward_run<0>;
  for_each_task(s.batch * groups, [&](int64_t task) {
    const int64_t b = task / groups;
    float* bias_part = grad_bias != nullptr ? bias_parts.data() + b * s.channels : nullptr;
    const ConvSums sums{weight_parts.data() + b * weights, bias_part};
    std::vector<Vec> padded(static_cast<size_t>(padded_size(s)));
    std::vector<Vec> inner(static_cast<size_t>(s.length + 2 * (s.taps - 1)), Vec{});
    for_each_run(s, task % groups, [&](Run run) {
      run_with(s, x, weight, bias, silu, grad_y, b, run, padded.data(), inner.data(), grad_x, sums);
    });
  });
  add_parts(weight_parts, weights, grad_weight);
  if (grad_bias != nullptr) add_parts(bias_parts, s.channels, grad_bias);
}

}  // namespace mvh::kernels
