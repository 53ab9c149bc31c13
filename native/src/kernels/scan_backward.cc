// Selective scan, backward: chunk by chunk from the end, states recomputed from the ones saved at chunk starts.
#include <memory>
#include <utility>

#include "kernels/parallel.h"
#include "kernels/scan_common.h"

namespace mvh::kernels {
namespace {

constexpr int kBlock = 8;  // states whose gradients stay in registers while a chunk is walked backwards

/// Gradients of one channel run that add up over all chunks; state holds decay_{t+1} dL/dh_{t+1}.
struct Run {
  Vec *A, *grad_A, *grad_state;
  Vec grad_D{}, grad_bias{};
};

/// What a chunk needs besides: the states before and after each step, the decays, the gradients that all channels share.
struct Work {
  Vec *before, *decay;          // [step + 1, kBlock], [step, kBlock]
  // [step, state of B, then of C]: side by side, since a load 4096 bytes from a store just made waits for it.
  Vec *grad_BC;
  Vec *grad_dt, *grad_drive;    // [step]
};

/// Everything one task holds: `vectors` runs and one Work.
struct Scratch {
  std::vector<Run> runs;
  Work work;

  Scratch(const ScanShape& s, const ScanInput& in, int64_t first, int64_t vectors) {
    const int64_t per_run = 3 * s.states, per_step = 2 * kBlock + 2 * s.states + 2;
    Vec* memory = scan_scratch(static_cast<size_t>(vectors * per_run + kScanChunk * per_step + kBlock));
    const auto take = [&](int64_t count) { return std::exchange(memory, memory + count); };
    for (int64_t v = 0; v < vectors; v++) {
      Run run{take(s.states), take(s.states), take(s.states)};
      load_transition(s, in.A, lanes_at(s, first + v), run.A);
      std::fill(run.grad_A, run.grad_A + 2 * s.states, Vec{});
      runs.push_back(run);
    }
    work.before = take(kBlock * (kScanChunk + 1));
    work.decay = take(kBlock * kScanChunk);
    work.grad_BC = take(kScanChunk * 2 * s.states);
    work.grad_dt = take(kScanChunk);
    work.grad_drive = take(kScanChunk);
  }
};

/// kCount states of one channel run: forwards through the chunk from `start`, then backwards.
template <int kCount>
void walk_states(const ScanShape& s, const ScanInput& in, const Chunk& c, const Steps& steps, const Vec* grad_y, int64_t first,
                 const float* start, const Run& run, const Work& w) {
  const Vec* A = run.A + first;
  Vec state[kCount];
#pragma GCC unroll 8
  for (int n = 0; n < kCount; n++) w.before[n] = state[n] = load(start + (first + n) * kLanes);
  advance<kCount>(in, c, steps, A, first, state, [&](int64_t i, int n, Vec decay, Vec h) {
    w.before[(i + 1) * kBlock + n] = h;
    w.decay[i * kBlock + n] = decay;
  });
  Vec grad_state[kCount], grad_A[kCount];
#pragma GCC unroll 8
  for (int n = 0; n < kCount; n++) {
    grad_state[n] = run.grad_state[first + n];
    grad_A[n] = run.grad_A[first + n];
  }
  for (int64_t i = c.length() - 1; i >= 0; i--) {
    const float *B = in.B.at(c.b, c.begin + i) + first, *C = in.C.at(c.b, c.begin + i) + first;
    const Vec *before = w.before + i * kBlock, *after = before + kBlock, *decay = w.decay + i * kBlock;
    Vec *grad_B = w.grad_BC + i * 2 * s.states + first, *grad_C = grad_B + s.states;
    const Vec gy = grad_y[i], dt = steps.dt[i], drive = steps.drive[i];
    Vec grad_dt = w.grad_dt[i], grad_drive = w.grad_drive[i];
#pragma GCC unroll 8
    for (int n = 0; n < kCount; n++) {
      const Vec gh = gy * splat(C[n]) + grad_state[n];
      const Vec carried = gh * decay[n];
      const Vec through_decay = carried * before[n];  // dL / d(dt A)
      grad_state[n] = carried;
      grad_C[n] += gy * after[n];
      grad_B[n] += gh * drive;
      grad_A[n] += through_decay * dt;
      grad_dt += through_decay * A[n];
      grad_drive += gh * splat(B[n]);
    }
    w.grad_dt[i] = grad_dt;
    w.grad_drive[i] = grad_drive;
  }
#pragma GCC unroll 8
  for (int n = 0; n < kCount; n++) {
    run.grad_state[first + n] = grad_state[n];
    run.grad_A[first + n] = grad_A[n];
  }
}

/// One channel run through one chunk: writes the gradients of u and delta, adds to the others.
void run_chunk(const ScanShape& s, const ScanInput& in, const Chunk& c, Lanes lanes, const float* start, Rows grad_y,
               const ScanGradients& g, const Work& w, Run& run) {
  Steps steps;
  read_steps<true>(s, in, c, lanes, -kScanChunk, steps);
  Vec gy[kScanChunk];
  for (int64_t i = 0; i < c.length(); i++) {
    const int64_t t = c.begin + i;
    __builtin_prefetch(grad_y.at(c.b, std::max<int64_t>(t - kScanChunk, 0)) + lanes.first);
    gy[i] = lanes.read(grad_y.at(c.b, t));
    w.grad_dt[i] = w.grad_drive[i] = Vec{};
  }
  int64_t n = 0;
  for (; n + kBlock <= s.states; n += kBlock) walk_states<kBlock>(s, in, c, steps, gy, n, start, run, w);
  for (; n < s.states; n++) walk_states<1>(s, in, c, steps, gy, n, start, run, w);
  const Vec skip = in.D != nullptr ? lanes.read(in.D) : Vec{};
  Vec grad_D{}, grad_bias{};
  for (int64_t i = 0; i < c.length(); i++) {
    // A was scaled by log2(e).
    const Vec grad_raw = (w.grad_dt[i] * splat(kLn2) + w.grad_drive[i] * steps.u[i]) * steps.slope[i];
    const int64_t row = (c.b * s.length + c.begin + i) * s.channels;
    const int64_t earlier = std::max<int64_t>(c.begin + i - kScanChunk, 0) + c.b * s.length;
    __builtin_prefetch(g.u + earlier * s.channels + lanes.first, 1);
    __builtin_prefetch(g.delta + earlier * s.channels + lanes.first, 1);
    lanes.write(g.u + row, w.grad_drive[i] * steps.dt[i] + gy[i] * skip);
    lanes.write(g.delta + row, grad_raw);
    grad_D += gy[i] * steps.u[i];
    grad_bias += grad_raw;
  }
  run.grad_D += grad_D;
  run.grad_bias += grad_bias;
}

/// out[i] = the sum of the lanes of rows[i].
void sum_lanes(const Vec* rows, int64_t count, float* out) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) store(out + i, sums(rows + i));
  for (; i < count; i++) out[i] = sum(rows[i]);
}

/// One gradient as partial sums of `count` floats each, added up afterwards in a fixed order; the first part is the gradient.
class Parts {
 public:
  Parts(float* out, int64_t count, int64_t parts)
      : out_(out), count_(count), parts_(parts), rest_(new float[static_cast<size_t>(count * (parts - (out != nullptr)))]) {}

  float* at(int64_t part) const {
    if (out_ == nullptr) return rest_.get() + part * count_;
    return part == 0 ? out_ : rest_.get() + (part - 1) * count_;
  }

  void add_up() const {
    if (out_ == nullptr) return;
    constexpr int64_t kPiece = 1 << 14;
    for_each_task((count_ + kPiece - 1) / kPiece, [&](int64_t piece) {
      const int64_t begin = piece * kPiece, end = std::min(count_, begin + kPiece);
      for (int64_t part = 1; part < parts_; part++)
        for (int64_t i = begin; i < end; i++) out_[i] += at(part)[i];
    });
  }

 private:
  float* out_;
  int64_t count_, parts_;
  std::unique_ptr<float[]> rest_;  // not cleared: every part is written whole
};

struct Partial {
  Parts B, C;        // [group][batch, length, states]
  Parts A, D, bias;  // [batch][channels, states], [batch][channels]
};

void run_group(const ScanShape& s, const ScanInput& in, const float* saved, Rows grad_y, int64_t b, int64_t group,
               const ScanGradients& g, const Partial& partial) {
  const int64_t per_group = scan_group(s) / kLanes, first = group * per_group;
  const int64_t vectors = std::min(vectors_in(s.channels) - first, per_group);
  Scratch scratch(s, in, first, vectors);
  const Work& w = scratch.work;
  for (int64_t chunk = scan_chunks(s) - 1; chunk >= 0; chunk--) {
    const Chunk c{b, chunk * kScanChunk, std::min(s.length, (chunk + 1) * kScanChunk)};
    std::fill(w.grad_BC, w.grad_BC + c.length() * 2 * s.states, Vec{});
    for (int64_t v = 0; v < vectors; v++) {
      const float* start = saved_states(s, saved, b, chunk, first + v);
      run_chunk(s, in, c, lanes_at(s, first + v), start, grad_y, g, w, scratch.runs[static_cast<size_t>(v)]);
    }
    for (int64_t i = 0; i < c.length(); i++) {
      const int64_t offset = (b * s.length + c.begin + i) * s.states;
      const Vec* rows = w.grad_BC + i * 2 * s.states;
      sum_lanes(rows, s.states, partial.B.at(group) + offset);
      sum_lanes(rows + s.states, s.states, partial.C.at(group) + offset);
    }
  }
  for (int64_t v = 0; v < vectors; v++) {
    const Lanes lanes = lanes_at(s, first + v);
    const Run& run = scratch.runs[static_cast<size_t>(v)];
    float* A = partial.A.at(b) + lanes.first * s.states;
    for (int64_t l = 0; l < lanes.count; l++)
      for (int64_t n = 0; n < s.states; n++) A[l * s.states + n] = run.grad_A[n][l];
    lanes.write(partial.D.at(b), run.grad_D);
    lanes.write(partial.bias.at(b), run.grad_bias);
  }
}

}  // namespace

void scan_backward(const ScanShape& s, const ScanInput& input, const float* saved, Rows grad_y, const ScanGradients& g) {
  const int64_t groups = scan_groups(s), cells = s.batch * s.length * s.states;
  const Partial partial{{g.B, cells, groups},
                        {g.C, cells, groups},
                        {g.A, s.channels * s.states, s.batch},
                        {g.D, s.channels, s.batch},
                        {g.delta_bias, s.channels, s.batch}};
  for_each_task(s.batch * groups, [&](int64_t task) { run_group(s, input, saved, grad_y, task / groups, task % groups, g, partial); });
  for (const Parts* parts : {&partial.B, &partial.C, &partial.A, &partial.D, &partial.bias}) parts->add_up();
}

}  // namespace mvh::kernels
