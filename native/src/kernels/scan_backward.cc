// Selective scan, backward: chunk by chunk from the end, states recomputed from the ones saved at chunk starts.
#include <utility>

#include "kernels/parallel.h"
#include "kernels/scan_common.h"

namespace mvh::kernels {
namespace {

/// Scratch of one task, in vectors. States of one chunk include the one before its first step.
struct Work {
  Vec *A, *grad_A, *grad_h, *h, *decay, *dt, *slope, *grad_B, *grad_C;

  static size_t size(int64_t states, int64_t vectors) {
    return static_cast<size_t>(states * (1 + 2 * vectors) + states * (2 * kScanChunk + 1) + 2 * kScanChunk +
                               2 * kScanChunk * states);
  }

  Work(Vec* memory, int64_t states, int64_t vectors) {
    const auto take = [&](int64_t count) { return std::exchange(memory, memory + count); };
    A = take(states);
    grad_A = take(states * vectors);
    grad_h = take(states * vectors);
    h = take(states * (kScanChunk + 1));
    decay = take(states * kScanChunk);
    dt = take(kScanChunk);
    slope = take(kScanChunk);
    grad_B = take(kScanChunk * states);
    grad_C = take(kScanChunk * states);
  }
};

/// One chunk of one batch element and channel group.
struct Chunk {
  int64_t b, group, begin, end;
};

/// kStates is the compile-time state count, or 0 for the general case, here and below.
template <int kStates>
void recompute(const ScanShape& s, const ScanInput& in, const Chunk& c, Lanes lanes, const float* start, Work& w) {
  const int64_t states = kStates != 0 ? kStates : s.states;
  for (int64_t n = 0; n < states; n++) w.h[n] = load(start + n * kLanes);
  for (int64_t t = c.begin; t < c.end; t++) {
    const int64_t i = t - c.begin, ahead = std::min(t + kScanRowsAhead, c.end - 1);
    __builtin_prefetch(in.u.at(c.b, ahead) + lanes.first);
    __builtin_prefetch(in.delta.at(c.b, ahead) + lanes.first);
    const Step step = step_of(in, lanes, in.delta.at(c.b, t));
    w.dt[i] = step.size;
    w.slope[i] = step.slope;
    const Vec drive = w.dt[i] * lanes.read(in.u.at(c.b, t)), dt2 = w.dt[i] * splat(kLog2E);
    const float* B = in.B.at(c.b, t);
    const Vec* before = w.h + i * states;
    Vec *after = w.h + (i + 1) * states, *decay = w.decay + i * states;
#pragma GCC unroll 4
    for (int64_t n = 0; n < states; n++) {
      decay[n] = exp2(dt2 * w.A[n]);
      after[n] = decay[n] * before[n] + drive * splat(B[n]);
    }
  }
}

struct Sums {
  Vec D{}, bias{};
};

/// Walks the chunk backwards for one channel run; grad_h holds decay_{t+1} * dL/dh_{t+1} on entry.
template <int kStates>
void reverse(const ScanShape& s, const ScanInput& in, const Chunk& c, Lanes lanes, Rows grad_y, Work& w, Vec* grad_h,
             Vec* grad_A, const ScanGradients& g, Sums& sums) {
  const int64_t states = kStates != 0 ? kStates : s.states;
  const Vec skip = in.D != nullptr ? lanes.read(in.D) : Vec{};
  for (int64_t t = c.end - 1; t >= c.begin; t--) {
    const int64_t i = t - c.begin, ahead = std::max(t - kScanRowsAhead, c.begin);
    __builtin_prefetch(grad_y.at(c.b, ahead) + lanes.first);
    __builtin_prefetch(g.u + (c.b * s.length + ahead) * s.channels + lanes.first, 1);
    __builtin_prefetch(g.delta + (c.b * s.length + ahead) * s.channels + lanes.first, 1);
    const Vec u = lanes.read(in.u.at(c.b, t)), gy = lanes.read(grad_y.at(c.b, t)), dt = w.dt[i], drive = dt * u;
    const float *B = in.B.at(c.b, t), *C = in.C.at(c.b, t);
    const Vec *before = w.h + i * states, *after = before + states, *decay = w.decay + i * states;
    Vec *grad_B = w.grad_B + i * states, *grad_C = w.grad_C + i * states;
    Vec grad_dt{}, grad_drive{};
#pragma GCC unroll 4
    for (int64_t n = 0; n < states; n++) {
      const Vec gh = gy * splat(C[n]) + grad_h[n];
      const Vec carried = gh * decay[n];
      const Vec through_decay = carried * before[n];  // dL / d(dt A[n])
      grad_h[n] = carried;
      grad_C[n] += gy * after[n];
      grad_B[n] += gh * drive;
      grad_A[n] += through_decay * dt;
      grad_dt += through_decay * w.A[n];
      grad_drive += gh * splat(B[n]);
    }
    grad_dt += grad_drive * u;
    const Vec grad_raw = grad_dt * w.slope[i];
    const int64_t row = (c.b * s.length + t) * s.channels;
    lanes.write(g.u + row, grad_drive * dt + gy * skip);
    lanes.write(g.delta + row, grad_raw);
    sums.D += gy * u;
    sums.bias += grad_raw;
  }
}

/// Partial sums, reduced afterwards in a fixed order.
struct Partial {
  std::vector<float> B, C;            // [group][batch, length, states]
  std::vector<float> A, D, bias;      // [batch][channels, states], [batch][channels]
};

template <int kStates>
void run_group(const ScanShape& s, const ScanInput& in, const float* saved, Rows grad_y, int64_t b, int64_t group,
               const ScanGradients& g, Partial& partial) {
  const int64_t per_group = kScanGroup / kLanes, first = group * per_group;
  const int64_t vectors = std::min(vectors_in(s.channels) - first, per_group);
  Vec* memory = scan_scratch(Work::size(s.states, vectors));
  Work w(memory, s.states, vectors);
  std::fill(w.grad_A, w.grad_A + s.states * vectors, Vec{});
  std::fill(w.grad_h, w.grad_h + s.states * vectors, Vec{});
  std::vector<Sums> sums(static_cast<size_t>(vectors));
  for (int64_t chunk = scan_chunks(s) - 1; chunk >= 0; chunk--) {
    const Chunk c{b, group, chunk * kScanChunk, std::min(s.length, (chunk + 1) * kScanChunk)};
    const int64_t cells = (c.end - c.begin) * s.states;
    std::fill(w.grad_B, w.grad_B + cells, Vec{});
    std::fill(w.grad_C, w.grad_C + cells, Vec{});
    for (int64_t v = 0; v < vectors; v++) {
      const Lanes lanes = lanes_at(s, first + v);
      load_transition(s, in.A, lanes, 1.0f, w.A);
      recompute<kStates>(s, in, c, lanes, saved_state(s, const_cast<float*>(saved), b, chunk, first + v), w);
      reverse<kStates>(s, in, c, lanes, grad_y, w, w.grad_h + v * s.states, w.grad_A + v * s.states, g, sums[static_cast<size_t>(v)]);
    }
    const int64_t offset = ((group * s.batch + b) * s.length + c.begin) * s.states;
    for (int64_t i = 0; i < cells; i++) {
      partial.B[static_cast<size_t>(offset + i)] = sum(w.grad_B[i]);
      partial.C[static_cast<size_t>(offset + i)] = sum(w.grad_C[i]);
    }
  }
  for (int64_t v = 0; v < vectors; v++) {
    const Lanes lanes = lanes_at(s, first + v);
    float* A = partial.A.data() + b * s.channels * s.states;
    for (int64_t l = 0; l < lanes.count; l++)
      for (int64_t n = 0; n < s.states; n++) A[(lanes.first + l) * s.states + n] = w.grad_A[v * s.states + n][l];
    lanes.write(partial.D.data() + b * s.channels, sums[static_cast<size_t>(v)].D);
    lanes.write(partial.bias.data() + b * s.channels, sums[static_cast<size_t>(v)].bias);
  }
}

/// out[i] = parts[0][i] + parts[1][i] + ...
void add_parts(const std::vector<float>& parts, int64_t count, float* out) {
  if (out == nullptr || count == 0) return;
  const auto n = static_cast<size_t>(count);
  std::copy(parts.begin(), parts.begin() + count, out);
  for (size_t at = n; at < parts.size(); at += n)
    for (size_t i = 0; i < n; i++) out[i] += parts[at + i];
}

}  // namespace

void scan_backward(const ScanShape& s, const ScanInput& input, const float* saved, Rows grad_y, const ScanGradients& g) {
  const int64_t groups = scan_groups(s), cells = s.batch * s.length * s.states;
  Partial partial;
  partial.B.resize(static_cast<size_t>(groups * cells));
  partial.C.resize(static_cast<size_t>(groups * cells));
  partial.A.resize(static_cast<size_t>(s.batch * s.channels * s.states));
  partial.D.resize(static_cast<size_t>(s.batch * s.channels));
  partial.bias.resize(static_cast<size_t>(s.batch * s.channels));
  const auto run = s.states == 16 ? run_group<16> : run_group<0>;
  for_each_task(s.batch * groups, [&](int64_t task) { run(s, input, saved, grad_y, task / groups, task % groups, g, partial); });
  add_parts(partial.B, cells, g.B);
  add_parts(partial.C, cells, g.C);
  add_parts(partial.A, s.channels * s.states, g.A);
  add_parts(partial.D, s.channels, g.D);
  add_parts(partial.bias, s.channels, g.delta_bias);
}

}  // namespace mvh::kernels
