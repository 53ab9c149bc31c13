// Quasi-separable product, backward: states and matrices are formed again; heads of a group share the sums for their
// keys and queries, a fixed number of heads per task, so that the order of sums is the same for any thread count.
#include "kernels/parallel.h"
#include "kernels/quasi_separable_common.h"

namespace mvh::kernels {
namespace {

// Tasks per group of heads.
constexpr int64_t kMostParts = 4;

int64_t parts_of(const MixShape& s) { return std::min(kMostParts, s.heads / s.groups); }

/// A task's sums: gradients of keys and queries [2][length][padded(n)] each, of the scores [chunks][chunk][padded(chunk)].
struct Part {
  float *keys, *queries, *scores;
  static int64_t rows_size(const MixShape& s) { return 2 * s.length * padded(s.states); }
  static int64_t size(const MixShape& s) { return 2 * rows_size(s) + s.chunks * mix_block_size(s); }
  Part(const MixShape& s, float* memory) : keys(memory), queries(memory + rows_size(s)), scores(memory + 2 * rows_size(s)) {}
  float* key(const MixShape& s, int64_t d, int64_t l) const { return keys + (d * s.length + l) * padded(s.states); }
  float* query(const MixShape& s, int64_t d, int64_t l) const { return queries + (d * s.length + l) * padded(s.states); }
};

float dot(const float* a, const float* b, int64_t n) {
  Vec total{};
  int64_t k = 0;
  for (; k + kLanes <= n; k += kLanes) total += load(a + k) * load(b + k);
  float rest = 0;
  for (; k < n; k++) rest += a[k] * b[k];
  return sum(total) + rest;
}

/// Gradients of one direction's sums over dt A in a chunk, and of its steps where they appear as factors.
struct SumGradients {
  float *before, *up_to, *step;
  float total = 0;
  explicit SumGradients(float* memory, int64_t stride) : before(memory), up_to(memory + stride), step(memory + 2 * stride) {}
  void clear(int64_t stride) {
    std::fill(before, before + 3 * stride, 0.0f);
    total = 0;
  }
};

/// One head of one picture, all chunks.
struct HeadBackward {
  const MixShape& s;
  const MixInput& in;
  const float* scores;
  const Rows& grad_y;
  const Part& part;
  const MixGradients& out;
  int64_t b, head, group, width, n_width, stride;
  Decays decays[2];
  SumGradients sums[2];
  float *values, *grads, *values_t, *grad_values, *matrix, *grad_matrix, *rows, *scaled, *state_t, *states, *grad_state;
  double rate = 0;  // gradient of A

  static int64_t scratch_size(const MixShape& s) {
    const int64_t w = padded(s.width), n = padded(s.states), q = padded(s.chunk);
    return 2 * Decays::size(s) + 6 * q + 3 * s.chunk * w + s.width * q + 2 * kMixRows * q + s.chunk * (n + s.states) +
           s.width * n + (s.chunks + 1) * s.states * w + 16 * kLanes;
  }

  HeadBackward(const MixShape& s, const MixInput& in, const float* scores, const Rows& grad_y, const Part& part,
               const MixGradients& out, int64_t b, int64_t head, Scratch& scratch)
      : s(s), in(in), scores(scores), grad_y(grad_y), part(part), out(out), b(b), head(head), group(mix_group(s, head)),
        width(padded(s.width)), n_width(padded(s.states)), stride(padded(s.chunk)),
        decays{{s, scratch.take(Decays::size(s))}, {s, scratch.take(Decays::size(s))}},
        sums{SumGradients(scratch.take(3 * stride), stride), SumGradients(scratch.take(3 * stride), stride)},
        values(scratch.take(s.chunk * width)), grads(scratch.take(s.chunk * width)), values_t(scratch.take(s.width * stride)),
        grad_values(scratch.take(s.chunk * width)), matrix(scratch.take(kMixRows * stride)),
        grad_matrix(scratch.take(kMixRows * stride)), rows(scratch.take(s.chunk * n_width)),
        scaled(scratch.take(s.chunk * s.states)), state_t(scratch.take(s.width * n_width)),
        states(scratch.take(s.chunks * s.states * width)), grad_state(scratch.take(s.states * width)) {}

  const float* value_row(int64_t l) const { return in.values.at(b, l) + head * s.width; }
  float* grad_value_row(int64_t l) const { return out.values + ((b * s.length + l) * s.heads + head) * s.width; }
  float& grad_step(int64_t l, int64_t d) const { return out.steps[((b * s.length + l) * 2 + d) * s.heads + head]; }
  float* state_at(int64_t c) const { return states + c * s.states * width; }

  const float* key_row(int64_t c, int64_t j, int64_t d) const { return mix_key(s, in, b, mix_first(s, c) + j, d, group); }
  const float* query_row(int64_t c, int64_t i, int64_t d) const { return mix_query(s, in, b, mix_first(s, c) + i, d, group); }

  void pack_keys(int64_t c, int64_t d) {
    mix_pack(mix_count(s, c), s.states, s.states, [&](int64_t j) { return key_row(c, j, d); }, decays[d].weight, scaled);
  }

  void pack_queries(int64_t c, int64_t d) {
    mix_pack(mix_count(s, c), s.states, s.states, [&](int64_t i) { return query_row(c, i, d); }, decays[d].from_start, scaled);
  }

  void load_values(int64_t c) {
    const int64_t first = mix_first(s, c);
    mix_pack(mix_count(s, c), s.width, width, [&](int64_t i) { return value_row(first + i); }, nullptr, values);
  }

  void load_grads(int64_t c) {
    const int64_t first = mix_first(s, c);
    mix_pack(mix_count(s, c), s.width, width, [&](int64_t i) { return grad_y.at(b, first + i) + head * s.width; }, nullptr, grads);
  }

  /// The state that each chunk receives in a direction, as in the forward pass.
  void form_states(int64_t d) {
    const int64_t step = d == kAhead ? 1 : -1, size = s.states * width;
    int64_t c = d == kAhead ? 0 : s.chunks - 1;
    std::fill(state_at(c), state_at(c) + size, 0.0f);
    for (int64_t k = 0; k + 1 < s.chunks; k++, c += step) {
      decays[d].fill(s, in, b, c, head, d);
      load_values(c);
      float* next = state_at(c + step);
      for (int64_t i = 0; i < size; i++) next[i] = state_at(c)[i] * decays[d].total;
      pack_keys(c, d);
      small_product(s.states, width / kLanes, mix_count(s, c), {scaled, 1, s.states}, {values, width}, next, width, true);
    }
  }

  /// Adds what the sums over dt A say about steps and A; call once per clear().
  void spread_sums(int64_t c, int64_t d) {
    const int64_t first = mix_first(s, c);
    double later = sums[d].total;
    for (int64_t k = mix_count(s, c) - 1; k >= 0; k--) {
      const double each = later + sums[d].up_to[k];  // gradient of a_k
      later = each + sums[d].before[k];
      grad_step(first + k, d) += static_cast<float>(sums[d].step[k] + each * in.rate[head]);
      rate += each * decays[d].steps[k];
    }
  }

  /// One row of the chunk's matrix, and what the row's gradient says about scores, steps and sums.
  void matrix_row(const float* score_row, float* grad_scores, int64_t i, int64_t count, float* m, const float* gm) {
    Vec below{}, above{};
    for (int64_t column = 0; column < count; column += kLanes) {
      const Sides sides = sides_of(i, column, count);
      const Cells cells = cells_at(decays[kAhead], decays[kBack], i, column, sides);
      const Vec score = load(score_row + column), g = load(gm + column) * cells.decay;
      store(m + column, score * cells.decay * cells.step);
      store(grad_scores + column, load(grad_scores + column) + g * cells.step);
      const Vec per_step = g * score, whole = per_step * cells.step;
      const Vec lower = sides.below ? per_step : Vec{}, upper = sides.above ? per_step : Vec{};
      store(sums[kAhead].step + column, load(sums[kAhead].step + column) + lower);
      store(sums[kBack].step + column, load(sums[kBack].step + column) + upper);
      below += sides.below ? whole : Vec{};
      above += sides.above ? whole : Vec{};
    }
    sums[kAhead].before[i] += sum(below);
    sums[kBack].up_to[i] -= sum(above);
  }

  /// The chunk's own matrix; writes the gradient of the values. The step sums must be clear.
  void within(int64_t c) {
    const int64_t count = mix_count(s, c);
    const float* block = scores + mix_block_at(s, b, c, group);
    float* grad_block = part.scores + c * mix_block_size(s);
    mix_transpose(count, s.width, values, width, values_t);
    const int64_t columns = padded(count);
    for (int64_t top = 0; top < count; top += kMixRows) {
      const int64_t height = std::min(kMixRows, count - top);
      const float* g = grads + top * width;
      small_product(height, columns / kLanes, s.width, {g, width, 1}, {values_t, columns}, grad_matrix, stride, false);
      for (int64_t i = 0; i < height; i++)
        matrix_row(block + (top + i) * stride, grad_block + (top + i) * stride, top + i, count, matrix + i * stride,
                   grad_matrix + i * stride);
      small_product(count, width / kLanes, height, {matrix, 1, stride}, {g, width}, grad_values, width, top != 0);
    }
    for (int64_t j = 0; j < count; j++) {
      sums[kAhead].up_to[j] -= sums[kAhead].step[j] * decays[kAhead].steps[j];
      sums[kBack].before[j] += sums[kBack].step[j] * decays[kBack].steps[j];
    }
  }

  /// grads times the received state: gradients of the queries and of what remains of the state.
  void through_received(int64_t c, int64_t d) {
    const int64_t count = mix_count(s, c), first = mix_first(s, c);
    mix_transpose(s.states, s.width, state_at(c), width, state_t);
    small_product(count, n_width / kLanes, s.width, {grads, width, 1}, {state_t, n_width}, rows, n_width, false);
    for (int64_t i = 0; i < count; i++) {
      const float* query = query_row(c, i, d);
      if (query == nullptr) continue;
      const float factor = decays[d].from_start[i];
      float *to = part.query(s, d, first + i), *from = rows + i * n_width;
      for (int64_t k = 0; k < s.states; k++) to[k] += factor * from[k];
      const float on_factor = factor * dot(query, from, s.states);
      if (d == kAhead) {
        sums[d].before[i] += on_factor;
      } else {
        sums[d].total += on_factor;
        sums[d].up_to[i] -= on_factor;
      }
    }
  }

  /// grad_state is that of the state after the chunk: gradients of keys, values and weights.
  void through_added(int64_t c, int64_t d) {
    const int64_t count = mix_count(s, c), first = mix_first(s, c);
    mix_transpose(s.states, s.width, grad_state, width, state_t);
    small_product(count, n_width / kLanes, s.width, {values, width, 1}, {state_t, n_width}, rows, n_width, false);
    for (int64_t j = 0; j < count; j++) {
      const float weight = decays[d].weight[j];
      float *to = part.key(s, d, first + j), *from = rows + j * n_width;
      for (int64_t k = 0; k < s.states; k++) to[k] += weight * from[k];
      const float on_weight = dot(key_row(c, j, d), from, s.states), on_factor = on_weight * weight;
      sums[d].step[j] += on_weight * decays[d].to_end[j];
      if (d == kAhead) {
        sums[d].total += on_factor;
        sums[d].up_to[j] -= on_factor;
      } else {
        sums[d].before[j] += on_factor;
      }
    }
    pack_keys(c, d);
    small_product(count, width / kLanes, s.states, {scaled, s.states, 1}, {grad_state, width}, grad_values, width, true);
  }

  /// One chunk's part in the recurrence, from the gradient of the state behind it to that of the state before it.
  void through_state(int64_t c, int64_t d) {
    const bool receives = d == kAhead ? c > 0 : c + 1 < s.chunks, passes_on = d == kAhead ? c + 1 < s.chunks : c > 0;
    if (receives) through_received(c, d);
    if (passes_on) through_added(c, d);
    if (!receives) return;
    if (passes_on) sums[d].total += decays[d].total * dot(grad_state, state_at(c), s.states * width);
    for (int64_t k = 0; k < s.states * width; k++) grad_state[k] *= decays[d].total;
    pack_queries(c, d);
    small_product(s.states, width / kLanes, mix_count(s, c), {scaled, 1, s.states}, {grads, width}, grad_state, width, true);
  }

  void run() {
    for (int64_t l = 0; l < s.length; l++) grad_step(l, kAhead) = grad_step(l, kBack) = 0;
    form_states(kAhead);
    std::fill(grad_state, grad_state + s.states * width, 0.0f);
    for (int64_t c = s.chunks - 1; c >= 0; c--) {
      for (int64_t d : {kAhead, kBack}) {
        decays[d].fill(s, in, b, c, head, d);
        sums[d].clear(stride);
      }
      load_values(c);
      load_grads(c);
      within(c);
      through_state(c, kAhead);
      for (int64_t d : {kAhead, kBack}) spread_sums(c, d);
      for (int64_t i = 0; i < mix_count(s, c); i++)
        std::copy(grad_values + i * width, grad_values + i * width + s.width, grad_value_row(mix_first(s, c) + i));
    }
    if (s.chunks > 1) run_back();
  }

  void run_back() {
    form_states(kBack);
    std::fill(grad_state, grad_state + s.states * width, 0.0f);
    for (int64_t c = 0; c < s.chunks; c++) {
      const int64_t first = mix_first(s, c), count = mix_count(s, c);
      decays[kBack].fill(s, in, b, c, head, kBack);
      sums[kBack].clear(stride);
      load_values(c);
      load_grads(c);
      mix_pack(count, s.width, width, [&](int64_t i) { return grad_value_row(first + i); }, nullptr, grad_values);
      through_state(c, kBack);
      spread_sums(c, kBack);
      for (int64_t i = 0; i < count; i++)
        std::copy(grad_values + i * width, grad_values + i * width + s.width, grad_value_row(first + i));
    }
  }
};

/// From the gradients of the scores, summed over a part's heads, to those of its keys and queries.
void through_scores(const MixShape& s, const MixInput& in, const Part& part, int64_t b, int64_t group) {
  const int64_t stride = padded(s.chunk), n = padded(s.states), vectors = n / kLanes;
  Scratch scratch(s.chunk * (2 * n + stride) + 4 * kLanes);
  float *keys = scratch.take(s.chunk * n), *queries = scratch.take(s.chunk * n), *side = scratch.take(s.chunk * stride);
  for (int64_t c = 0; c < s.chunks; c++)
    for (int64_t d : {kAhead, kBack}) {
      const int64_t first = mix_first(s, c), count = mix_count(s, c);
      const float* grads = part.scores + c * mix_block_size(s);
      for (int64_t i = 0; i < count; i++)
        for (int64_t j = 0; j < count; j++)
          side[i * stride + j] = (d == kAhead ? j < i : j > i) ? grads[i * stride + j] : 0.0f;
      mix_pack(count, s.states, n, [&](int64_t j) { return mix_key(s, in, b, first + j, d, group); }, nullptr, keys);
      mix_pack(count, s.states, n, [&](int64_t i) { return mix_query(s, in, b, first + i, d, group); }, nullptr, queries);
      small_product(count, vectors, count, {side, stride, 1}, {keys, n}, part.query(s, d, first), n, true);
      small_product(count, vectors, count, {side, 1, stride}, {queries, n}, part.key(s, d, first), n, true);
    }
}

/// Sums the parts of one picture and group; a query goes back to the token that it belongs to.
void collect(const MixShape& s, float* work, const MixGradients& out, int64_t b, int64_t group) {
  const int64_t parts = parts_of(s), L = s.length;
  const auto add_parts = [&](int64_t l, int64_t d, float* to, bool query) {
    for (int64_t p = 0; p < parts; p++) {
      const Part part(s, work + ((b * s.groups + group) * parts + p) * Part::size(s));
      const float* from = query ? part.query(s, d, l) : part.key(s, d, l);
      for (int64_t k = 0; k < s.states; k++) to[k] += from[k];
    }
  };
  for (int64_t l = 0; l < L; l++)
    for (int64_t d : {kAhead, kBack}) {
      const int64_t at = (((b * L + l) * 2 + d) * s.groups + group) * s.states;
      std::fill(out.keys + at, out.keys + at + s.states, 0.0f);
      std::fill(out.queries + at, out.queries + at + s.states, 0.0f);
      add_parts(l, d, out.keys + at, false);
      const int64_t reader = d == kAhead ? l + 1 : l - 1;
      if (reader >= 0 && reader < L) add_parts(reader, d, out.queries + at, true);
    }
}

}  // namespace

int64_t mix_backward_size(const MixShape& s) {
  return s.batch * s.groups * parts_of(s) * Part::size(s) + s.batch * s.heads;
}

void mix_backward(const MixShape& s, const MixInput& in, const float* scores, Rows grad_y, float* work,
                  const MixGradients& out) {
  const int64_t parts = parts_of(s), per_group = s.heads / s.groups, tasks = s.batch * s.groups * parts;
  float* rates = work + tasks * Part::size(s);  // [batch, heads]
  for_each_task(tasks, [&](int64_t task) {
    const int64_t p = task % parts, group = task / parts % s.groups, b = task / parts / s.groups;
    const Part part(s, work + task * Part::size(s));
    std::fill(part.keys, part.keys + Part::size(s), 0.0f);
    for (int64_t k = p * per_group / parts; k < (p + 1) * per_group / parts; k++) {
      Scratch scratch(HeadBackward::scratch_size(s));
      HeadBackward one(s, in, scores, grad_y, part, out, b, group * per_group + k, scratch);
      one.run();
      rates[b * s.heads + one.head] = static_cast<float>(one.rate);
    }
    through_scores(s, in, part, b, group);
  });
  for_each_task(s.batch * s.groups, [&](int64_t task) { collect(s, work, out, task / s.groups, task % s.groups); });
  for (int64_t h = 0; h < s.heads; h++) {
    double total = 0;
    for (int64_t b = 0; b < s.batch; b++) total += rates[b * s.heads + h];
    out.rate[h] = static_cast<float>(total);
  }
}

}  // namespace mvh::kernels
