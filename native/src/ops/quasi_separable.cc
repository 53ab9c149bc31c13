// Products with quasi-separable matrices (Hydra): tokens read what lies before and after them through a small state.
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "kernels/quasi_separable.h"
#include "ops/ops.h"

namespace mvh::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

void check_mix(const Tensor& values, const Tensor& steps, const Tensor& rate, const Tensor& keys, const Tensor& queries,
               int64_t longest_chunk) {
  TORCH_CHECK(values.dim() == 4, "quasi_separable: values must be [batch, length, heads, width], got ", values.sizes());
  const int64_t batch = values.size(0), length = values.size(1), heads = values.size(2);
  const std::vector<int64_t> want{batch, length, 2, heads};
  TORCH_CHECK(steps.sizes() == want, "quasi_separable: steps must be ", at::IntArrayRef(want), ", got ", steps.sizes());
  TORCH_CHECK(rate.dim() == 1 && rate.size(0) == heads, "quasi_separable: rate must be [", heads, "], got ", rate.sizes());
  TORCH_CHECK(keys.dim() == 5 && keys.sizes() == queries.sizes() && keys.size(0) == batch && keys.size(1) == length &&
                  keys.size(2) == 2 && keys.size(3) > 0 && heads % keys.size(3) == 0,
              "quasi_separable: keys and queries must be [", batch, ", ", length, ", 2, groups, states] with groups that divide ",
              heads, " heads, got ", keys.sizes(), " and ", queries.sizes());
  TORCH_CHECK(longest_chunk > 0, "quasi_separable: chunks must have at least one token, got ", longest_chunk);
}

kernels::MixShape shape_of(const Tensor& values, const Tensor& keys, int64_t longest_chunk) {
  const int64_t length = values.size(1), chunks = (length + longest_chunk - 1) / longest_chunk;
  return {values.size(0), length, values.size(2), values.size(3), keys.size(3), keys.size(4), chunks,
          (length + chunks - 1) / chunks};
}

/// The last two axes contiguous, copied only when they are not.
Tensor dense_tail(const Tensor& t) {
  const int64_t last = t.dim() - 1;
  const bool dense = (t.stride(last) == 1 || t.size(last) == 1) && (t.stride(last - 1) == t.size(last) || t.size(last - 1) == 1);
  return dense ? t : t.contiguous();
}

/// The tensors of one call in the layout the kernels read; keeps copies alive.
struct Prepared {
  Tensor values, steps, rate, keys, queries;

  explicit Prepared(const variable_list& t)
      : values(dense_tail(t[0])), steps(t[1].contiguous()), rate(t[2].contiguous()), keys(dense_tail(t[3])),
        queries(dense_tail(t[4])) {}

  kernels::MixInput input() const {
    const auto pairs = [](const Tensor& t) -> kernels::PairRows {
      return {t.data_ptr<float>(), t.stride(0), t.stride(1), t.stride(2)};
    };
    return {{values.data_ptr<float>(), values.stride(0), values.stride(1)}, steps.data_ptr<float>(), rate.data_ptr<float>(),
            pairs(keys), pairs(queries)};
  }

  Tensor scores(const kernels::MixShape& shape) const {
    auto made = at::empty({kernels::mix_scores_size(shape)}, values.options());
    kernels::mix_scores(shape, input(), made.data_ptr<float>());
    return made;
  }
};

Tensor mix_no_gradient(const variable_list& tensors, int64_t longest_chunk) {
  const Prepared p(tensors);
  const auto shape = shape_of(p.values, p.keys, longest_chunk);
  auto y = at::empty(p.values.sizes(), p.values.options());
  kernels::mix_forward(shape, p.input(), p.scores(shape).data_ptr<float>(), y.data_ptr<float>());
  return y;
}

struct MixFunction : torch::autograd::Function<MixFunction> {
  static Tensor forward(AutogradContext* ctx, const Tensor& values, const Tensor& steps, const Tensor& rate, const Tensor& keys,
                        const Tensor& queries, int64_t longest_chunk) {
    const variable_list tensors{values, steps, rate, keys, queries};
    ctx->save_for_backward(tensors);
    ctx->saved_data["longest_chunk"] = longest_chunk;
    return mix_no_gradient(tensors, longest_chunk);
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const Prepared p(ctx->get_saved_variables());
    const auto shape = shape_of(p.values, p.keys, ctx->saved_data["longest_chunk"].toInt());
    const auto grad_y = dense_tail(grads[0]), scores = p.scores(shape);
    const auto like = [](const Tensor& t) { return at::empty(t.sizes(), t.options()); };
    Tensor values = like(p.values), steps = like(p.steps), rate = like(p.rate), keys = like(p.keys), queries = like(p.queries);
    auto work = at::empty({kernels::mix_backward_size(shape)}, p.values.options());
    kernels::mix_backward(shape, p.input(), scores.data_ptr<float>(), {grad_y.data_ptr<float>(), grad_y.stride(0), grad_y.stride(1)},
                          work.data_ptr<float>(),
                          {values.data_ptr<float>(), steps.data_ptr<float>(), rate.data_ptr<float>(), keys.data_ptr<float>(),
                           queries.data_ptr<float>()});
    return {values, steps, rate, keys, queries, Tensor()};
  }
};

// --- the same composed from ATen operators -----------------------------------------------------------------------

/// [batch, length, ...] -> [batch, chunks, chunk, ...], zeros behind the last token.
Tensor chunked(const Tensor& t, const kernels::MixShape& s) {
  const int64_t missing = s.chunks * s.chunk - s.length;
  auto rest = t.sizes().slice(2).vec(), gap = rest;
  gap.insert(gap.begin(), {s.batch, missing});
  rest.insert(rest.begin(), {s.batch, s.chunks, s.chunk});
  return at::cat({t, at::zeros(gap, t.options())}, 1).reshape(rest);
}

/// Moves tokens by one towards the end or the start; a zero comes in.
Tensor shifted(const Tensor& t, bool to_end) {
  const auto gap = at::zeros_like(t.narrow(1, 0, 1)), kept = t.narrow(1, to_end ? 0 : 1, t.size(1) - 1);
  return to_end ? at::cat({gap, kept}, 1) : at::cat({kept, gap}, 1);
}

/// One direction in chunks. Sums over dt A are float64: in float32 a long step far away would blur a short one nearby.
struct DirectionParts {
  Tensor steps, up_to, before, total;  // [batch, chunks, chunk, heads], total with 1 for chunk
  Tensor keys, queries;                // [batch, chunks, groups, chunk, states]

  DirectionParts(const Tensor& all_steps, const Tensor& rate, const Tensor& all_keys, const Tensor& all_queries, int64_t d,
                 const kernels::MixShape& s) {
    steps = chunked(all_steps.select(2, d), s);
    const auto each = (steps * rate).to(at::kDouble);
    up_to = each.cumsum(2);
    before = up_to - each;
    total = up_to.narrow(2, s.chunk - 1, 1);
    keys = chunked(all_keys.select(2, d), s).transpose(2, 3);
    queries = chunked(shifted(all_queries.select(2, d), d == 0), s).transpose(2, 3);
  }

  Tensor scores() const { return at::matmul(queries, keys.transpose(3, 4)); }
};

/// [batch, chunks, chunk, heads] as rows or columns of matrices per head.
Tensor as_rows(const Tensor& t) { return t.transpose(2, 3).unsqueeze(4); }
Tensor as_columns(const Tensor& t) { return t.transpose(2, 3).unsqueeze(3); }

/// The matrices within chunks: [batch, chunks, heads, chunk, chunk].
Tensor chunk_matrices(const DirectionParts& ahead, const DirectionParts& back, const kernels::MixShape& s) {
  const auto options = ahead.steps.options().dtype(at::kBool);
  const auto below = at::ones({s.chunk, s.chunk}, options).tril(-1), above = at::ones({s.chunk, s.chunk}, options).triu(1);
  const auto lower = as_rows(ahead.before) - as_columns(ahead.up_to), upper = as_columns(back.before) - as_rows(back.up_to);
  const auto sums = at::where(below, lower, upper).masked_fill(~(below | above), -INFINITY);
  const auto steps = at::where(below, as_columns(ahead.steps), as_columns(back.steps));
  const auto per_head = (at::exp(sums).to(steps.scalar_type()) * steps)
                            .reshape({s.batch, s.chunks, s.groups, s.heads / s.groups, s.chunk, s.chunk});
  const auto scores = at::where(below, ahead.scores(), back.scores()).unsqueeze(3);
  return (per_head * scores).reshape({s.batch, s.chunks, s.heads, s.chunk, s.chunk});
}

/// What tokens take from other chunks in one direction: [batch, chunks, chunk, heads, width].
Tensor from_other_chunks(const Tensor& values, const DirectionParts& part, bool ahead, const kernels::MixShape& s) {
  const auto type = values.scalar_type();
  const auto rest = part.total - part.up_to;
  const auto to_end = at::exp(ahead ? rest : part.before).to(type), from_start = at::exp(ahead ? part.before : rest).to(type);
  const int64_t per_group = s.heads / s.groups;
  const auto weighted = (values * (part.steps * to_end).unsqueeze(4))
                            .reshape({s.batch, s.chunks, s.chunk, s.groups, per_group * s.width}).transpose(2, 3);
  const auto added = at::matmul(part.keys.transpose(3, 4), weighted)
                         .reshape({s.batch, s.chunks, s.groups, s.states, per_group, s.width});
  const auto kept = at::exp(part.total).to(type).reshape({s.batch, s.chunks, s.groups, 1, per_group, 1});
  std::vector<Tensor> received(static_cast<size_t>(s.chunks));
  auto state = at::zeros_like(added.select(1, 0));
  for (int64_t k = 0; k < s.chunks; k++) {
    const int64_t c = ahead ? k : s.chunks - 1 - k;
    received[static_cast<size_t>(c)] = state;
    state = state * kept.select(1, c) + added.select(1, c);
  }
  const auto states = at::stack(received, 1).reshape({s.batch, s.chunks, s.groups, s.states, per_group * s.width});
  const auto read = at::matmul(part.queries, states).transpose(2, 3);
  return read.reshape({s.batch, s.chunks, s.chunk, s.heads, s.width}) * from_start.unsqueeze(4);
}

}  // namespace

Tensor quasi_separable_composed(const Tensor& values, const Tensor& steps, const Tensor& rate, const Tensor& keys,
                                const Tensor& queries, int64_t longest_chunk) {
  check_mix(values, steps, rate, keys, queries, longest_chunk);
  if (values.numel() == 0) return at::zeros_like(values);
  const auto s = shape_of(values, keys, longest_chunk);
  const auto x = chunked(values, s);
  const DirectionParts ahead(steps, rate, keys, queries, 0, s), back(steps, rate, keys, queries, 1, s);
  auto y = at::matmul(chunk_matrices(ahead, back, s), x.transpose(2, 3)).transpose(2, 3);
  if (s.chunks > 1) y = y + from_other_chunks(x, ahead, true, s) + from_other_chunks(x, back, false, s);
  return y.reshape({s.batch, s.chunks * s.chunk, s.heads, s.width}).narrow(1, 0, s.length);
}

Tensor quasi_separable(const Tensor& values, const Tensor& steps, const Tensor& rate, const Tensor& keys,
                       const Tensor& queries, int64_t longest_chunk) {
  if (!for_kernel(values, steps, rate, keys, queries) || values.numel() == 0 || keys.numel() == 0)
    return quasi_separable_composed(values, steps, rate, keys, queries, longest_chunk);
  check_mix(values, steps, rate, keys, queries, longest_chunk);
  const variable_list tensors{values, steps, rate, keys, queries};
  bool differentiate = false;
  for (const auto& t : tensors) differentiate |= t.requires_grad();
  if (!differentiate || !c10::GradMode::is_enabled()) return mix_no_gradient(tensors, longest_chunk);
  return MixFunction::apply(values, steps, rate, keys, queries, longest_chunk);
}

}  // namespace mvh::ops
