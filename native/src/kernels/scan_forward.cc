// Selective scan, forward: lanes are channels, the states of a channel run stay in registers over the whole length.
#include "kernels/parallel.h"
#include "kernels/scan_common.h"

namespace mvh::kernels {
namespace {

/// kStates is the compile-time state count, or 0 for the general case.
template <int kStates>
void scan_run(const ScanShape& shape, const ScanInput& in, int64_t b, int64_t vector, float* y, float* saved) {
  const int64_t states = kStates != 0 ? kStates : shape.states;
  const Lanes lanes = lanes_at(shape, vector);
  Vec* scratch = scan_scratch(static_cast<size_t>(2 * states));
  Vec* A = scratch;
  Vec own[kStates != 0 ? kStates : 1];
  Vec* h = kStates != 0 ? own : scratch + states;
  load_transition(shape, in.A, lanes, kLog2E, A);
  for (int64_t n = 0; n < states; n++) h[n] = Vec{};
  const Vec skip = in.D != nullptr ? lanes.read(in.D) : Vec{};
  for (int64_t t = 0; t < shape.length; t++) {
    if (saved != nullptr && t % kScanChunk == 0) {
      float* place = saved_state(shape, saved, b, t / kScanChunk, vector);
      for (int64_t n = 0; n < states; n++) store(place + n * kLanes, h[n]);
    }
    const int64_t ahead = std::min(t + kScanRowsAhead, shape.length - 1);
    __builtin_prefetch(in.u.at(b, ahead) + lanes.first);
    __builtin_prefetch(in.delta.at(b, ahead) + lanes.first);
    __builtin_prefetch(y + (b * shape.length + ahead) * shape.channels + lanes.first, 1);
    const Vec u = lanes.read(in.u.at(b, t));
    const Vec dt = step_of(in, lanes, in.delta.at(b, t)).size;
    const Vec drive = dt * u;
    const float *B = in.B.at(b, t), *C = in.C.at(b, t);
    Vec out = skip * u;
#pragma GCC unroll 16
    for (int64_t n = 0; n < states; n++) {
      h[n] = exp2(dt * A[n]) * h[n] + drive * splat(B[n]);
      out += h[n] * splat(C[n]);
    }
    lanes.write(y + (b * shape.length + t) * shape.channels, out);
  }
}

}  // namespace

int vector_width() { return kLanes; }

int64_t scan_saved_size(const ScanShape& s) {
  return s.batch * scan_chunks(s) * vectors_in(s.channels) * s.states * kLanes;
}

void scan_forward(const ScanShape& shape, const ScanInput& input, float* y, float* saved) {
  const int64_t groups = scan_groups(shape), per_group = kScanGroup / kLanes, vectors = vectors_in(shape.channels);
  for_each_task(shape.batch * groups, [&](int64_t task) {
    const int64_t b = task / groups, first = task % groups * per_group;
    for (int64_t v = first; v < std::min(vectors, first + per_group); v++) {
      if (shape.states == 16) scan_run<16>(shape, input, b, v, y, saved);
      else scan_run<0>(shape, input, b, v, y, saved);
    }
  });
}

float exponentials(int64_t count) {
  constexpr int64_t kRow = 16 * kLanes, kTask = 4096 * kRow;
  const int64_t tasks = (count + kTask - 1) / kTask;
  std::vector<float> totals(static_cast<size_t>(tasks));
  for_each_task(tasks, [&](int64_t task) {
    Vec x[16], total{};
    for (int n = 0; n < 16; n++) x[n] = splat(-0.01f * static_cast<float>(n + 1));
    for (int64_t row = 0; row < std::min(kTask, count - task * kTask) / kRow; row++) {
#pragma GCC unroll 16
      for (int n = 0; n < 16; n++) {
        total += exp2(x[n]);
        x[n] *= splat(1.0001f);
      }
    }
    totals[static_cast<size_t>(task)] = sum(total);
  });
  float all = 0;
  for (const float t : totals) all += t;
  return all;
}

}  // namespace mvh::kernels
