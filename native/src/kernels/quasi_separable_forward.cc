// Quasi-separable product, forward: a chunk's own matrix, and one state per head and direction between chunks.
#include "kernels/parallel.h"
#include "kernels/quasi_separable_common.h"

namespace mvh::kernels {
namespace {

void score_block(const MixShape& s, const MixInput& in, int64_t b, int64_t c, int64_t group, float* scores) {
  const int64_t first = mix_first(s, c), count = mix_count(s, c), stride = padded(s.chunk), n = s.states;
  Scratch scratch(2 * n * stride + s.chunk * padded(n) + 2 * kMixRows * (n + stride) + 8 * kLanes);
  float* packed = scratch.take(s.chunk * padded(n));
  float *keys[2], *queries = scratch.take(kMixRows * n), *rows[2];
  for (int64_t d : {kAhead, kBack}) {
    keys[d] = scratch.take(n * stride);
    rows[d] = scratch.take(kMixRows * stride);
    mix_pack(count, n, padded(n), [&](int64_t j) { return mix_key(s, in, b, first + j, d, group); }, nullptr, packed);
    std::fill(keys[d], keys[d] + n * stride, 0.0f);
    for (int64_t k = 0; k < n; k++)
      for (int64_t j = 0; j < count; j++) keys[d][k * stride + j] = packed[j * padded(n) + k];
  }
  for (int64_t top = 0; top < count; top += kMixRows) {
    const int64_t height = std::min(kMixRows, count - top);
    // Only what lies below (forward) or above (backward) the diagonal is needed.
    const int64_t below = padded(top + height), above = top / kLanes * kLanes;
    for (int64_t d : {kAhead, kBack}) {
      const int64_t from = d == kAhead ? 0 : above, to = d == kAhead ? below : padded(count);
      mix_pack(height, n, n, [&](int64_t i) { return mix_query(s, in, b, first + top + i, d, group); }, nullptr, queries);
      small_product(height, (to - from) / kLanes, n, {queries, n, 1}, {keys[d] + from, stride}, rows[d] + from, stride, false);
    }
    for (int64_t i = 0; i < height; i++) {
      float* out = scores + (top + i) * stride;
      std::copy(rows[kAhead] + i * stride, rows[kAhead] + i * stride + top + i, out);
      std::copy(rows[kBack] + i * stride + top + i, rows[kBack] + i * stride + count, out + top + i);
      out[top + i] = 0.0f;
      std::fill(out + count, out + stride, 0.0f);
    }
  }
}

/// M[i, :] of rows top.. of a chunk.
void matrix_rows(const float* scores, const Decays& ahead, const Decays& back, int64_t top, int64_t height, int64_t count,
                 int64_t stride, float* matrix) {
  for (int64_t i = 0; i < height; i++)
    for (int64_t column = 0; column < count; column += kLanes) {
      const Cells cells = cells_at(ahead, back, top + i, column, sides_of(top + i, column, count));
      store(matrix + i * stride + column, load(scores + (top + i) * stride + column) * cells.decay * cells.step);
    }
}

/// One head of one picture.
struct HeadForward {
  const MixShape& s;
  const MixInput& in;
  const float* scores;
  float* y;
  int64_t b, head;
  float *values, *out, *matrix, *scaled, *state;
  Decays ahead, back;

  static int64_t scratch_size(const MixShape& s) {
    const int64_t width = padded(s.width);
    return 2 * s.chunk * width + kMixRows * padded(s.chunk) + s.chunk * s.states + s.states * width + 2 * Decays::size(s) +
           7 * kLanes;
  }

  HeadForward(const MixShape& s, const MixInput& in, const float* scores, float* y, int64_t b, int64_t head, Scratch& scratch)
      : s(s), in(in), scores(scores), y(y), b(b), head(head), values(scratch.take(s.chunk * padded(s.width))),
        out(scratch.take(s.chunk * padded(s.width))), matrix(scratch.take(kMixRows * padded(s.chunk))),
        scaled(scratch.take(s.chunk * s.states)), state(scratch.take(s.states * padded(s.width))),
        ahead(s, scratch.take(Decays::size(s))), back(s, scratch.take(Decays::size(s))) {}

  float* row(int64_t l) const { return y + ((b * s.length + l) * s.heads + head) * s.width; }

  /// The chunk's own tokens.
  void within(int64_t c) {
    const int64_t count = mix_count(s, c), stride = padded(s.chunk), width = padded(s.width);
    const float* block = scores + mix_block_at(s, b, c, mix_group(s, head));
    for (int64_t top = 0; top < count; top += kMixRows) {
      const int64_t height = std::min(kMixRows, count - top);
      matrix_rows(block, ahead, back, top, height, count, stride, matrix);
      small_product(height, width / kLanes, count, {matrix, stride, 1}, {values, width}, out + top * width, width, false);
    }
  }

  /// Reads the state of the chunks before, then adds this chunk to it.
  void through_state(int64_t c, int64_t d, const Decays& decays, bool receives, bool passes_on) {
    const int64_t first = mix_first(s, c), count = mix_count(s, c), width = padded(s.width), n = s.states;
    const int64_t group = mix_group(s, head);
    if (receives) {
      mix_pack(count, n, n, [&](int64_t i) { return mix_query(s, in, b, first + i, d, group); }, decays.from_start, scaled);
      small_product(count, width / kLanes, n, {scaled, n, 1}, {state, width}, out, width, true);
    }
    if (!passes_on) return;
    for (int64_t k = 0; k < n * width; k++) state[k] *= decays.total;
    mix_pack(count, n, n, [&](int64_t j) { return mix_key(s, in, b, first + j, d, group); }, decays.weight, scaled);
    small_product(n, width / kLanes, count, {scaled, 1, n}, {values, width}, state, width, true);
  }

  void load_values(int64_t c) {
    const int64_t first = mix_first(s, c);
    mix_pack(mix_count(s, c), s.width, padded(s.width),
             [&](int64_t i) { return in.values.at(b, first + i) + head * s.width; }, nullptr, values);
  }

  void run() {
    const int64_t width = padded(s.width);
    std::fill(state, state + s.states * width, 0.0f);
    for (int64_t c = 0; c < s.chunks; c++) {
      ahead.fill(s, in, b, c, head, kAhead);
      back.fill(s, in, b, c, head, kBack);
      load_values(c);
      within(c);
      through_state(c, kAhead, ahead, c > 0, c + 1 < s.chunks);
      for (int64_t i = 0; i < mix_count(s, c); i++) std::copy(out + i * width, out + i * width + s.width, row(mix_first(s, c) + i));
    }
    if (s.chunks == 1) return;
    std::fill(state, state + s.states * width, 0.0f);
    for (int64_t c = s.chunks - 1; c >= 0; c--) {
      back.fill(s, in, b, c, head, kBack);
      load_values(c);
      const int64_t first = mix_first(s, c), count = mix_count(s, c);
      mix_pack(count, s.width, width, [&](int64_t i) { return row(first + i); }, nullptr, out);
      through_state(c, kBack, back, c + 1 < s.chunks, c > 0);
      for (int64_t i = 0; i < count; i++) std::copy(out + i * width, out + i * width + s.width, row(first + i));
    }
  }
};

}  // namespace

int64_t mix_scores_size(const MixShape& s) { return s.batch * s.chunks * s.groups * mix_block_size(s); }

void mix_scores(const MixShape& s, const MixInput& in, float* scores) {
  for_each_task(s.batch * s.chunks * s.groups, [&](int64_t task) {
    const int64_t group = task % s.groups, c = task / s.groups % s.chunks, b = task / s.groups / s.chunks;
    score_block(s, in, b, c, group, scores + mix_block_at(s, b, c, group));
  });
}

void mix_forward(const MixShape& s, const MixInput& in, const float* scores, float* y) {
  for_each_task(s.batch * s.heads, [&](int64_t task) {
    Scratch scratch(HeadForward::scratch_size(s));
    HeadForward(s, in, scores, y, task / s.heads, task % s.heads, scratch).run();
  });
}

}  // namespace mvh::kernels
