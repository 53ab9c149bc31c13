// Selective scan, forward: lanes are channels; chunk by chunk, the states of a channel run stay in registers.
#include "kernels/parallel.h"
#include "kernels/scan_common.h"

namespace mvh::kernels {
namespace {

// Steps at a time: the rows of so many, and of the next ones, stay in the nearest cache.
constexpr int64_t kSteps = 8;
static_assert(kScanChunk % kSteps == 0);
constexpr int kBlock = 8;  // states at a time: they and what makes two of them fit in the registers

/// kCount states of one channel run through one chunk; adds C h to `out`.
template <int kCount>
void add_states(const ScanInput& in, const Chunk& c, const Steps& steps, const Vec* A, int64_t first, Vec* state, Vec* out) {
  const float* C = in.C.at(c.b, c.begin) + first;
  advance<kCount>(in, c, steps, A, first, state, [&](int64_t i, int n, Vec, Vec h) {
    out[i] += h * splat(C[i * in.C.row_stride + n]);
  });
}

void run_chunk(const ScanShape& s, const ScanInput& in, const Chunk& c, Lanes lanes, const Vec* A, Vec* state, float* y) {
  Steps steps;
  read_steps<false>(s, in, c, lanes, kSteps, steps);
  const Vec skip = in.D != nullptr ? lanes.read(in.D) : Vec{};
  Vec out[kSteps];
  for (int64_t i = 0; i < c.length(); i++) out[i] = skip * steps.u[i];
  int64_t n = 0;
  for (; n + kBlock <= s.states; n += kBlock) add_states<kBlock>(in, c, steps, A + n, n, state + n, out);
  for (; n < s.states; n++) add_states<1>(in, c, steps, A + n, n, state + n, out);
  float* rows = y + (c.b * s.length + c.begin) * s.channels;
  for (int64_t i = 0; i < c.length(); i++) {
    __builtin_prefetch(rows + std::min(i + kSteps, s.length - 1 - c.begin) * s.channels + lanes.first, 1);
    lanes.write(rows + i * s.channels, out[i]);
  }
}

}  // namespace

int vector_width() { return kLanes; }

int64_t scan_saved_size(const ScanShape& s) {
  return s.batch * scan_chunks(s) * vectors_in(s.channels) * s.states * kLanes;
}

void scan_forward(const ScanShape& s, const ScanInput& input, float* y, float* saved) {
  const int64_t groups = scan_groups(s), per_group = scan_group(s) / kLanes;
  for_each_task(s.batch * groups, [&](int64_t task) {
    const int64_t b = task / groups, first = task % groups * per_group;
    const int64_t vectors = std::min(vectors_in(s.channels) - first, per_group), size = vectors * s.states;
    Vec *A = scan_scratch(static_cast<size_t>(2 * size)), *state = A + size;
    for (int64_t v = 0; v < vectors; v++) load_transition(s, input.A, lanes_at(s, first + v), A + v * s.states);
    std::fill(state, state + size, Vec{});
    for (int64_t t = 0; t < s.length; t += kSteps) {
      if (saved != nullptr && t % kScanChunk == 0) {
        float* place = saved_states(s, saved, b, t / kScanChunk, first);
        std::memcpy(place, state, static_cast<size_t>(size) * sizeof(Vec));
      }
      const Chunk c{b, t, std::min(s.length, t + kSteps)};
      for (int64_t v = 0; v < vectors; v++) {
        const int64_t at = v * s.states;
        run_chunk(s, input, c, lanes_at(s, first + v), A + at, state + at, y);
      }
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
