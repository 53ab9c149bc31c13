// Products with quasi-separable matrices (Hydra), per head h with a_k = dt_k A_h, in both directions:
//   y_i = sum_{j<i} C_{i-1} . B_j dt_j exp(a_{j+1} + ... + a_{i-1}) x_j     forward dt, B, C
//       + sum_{j>i} C_{i+1} . B_j dt_j exp(a_{i+1} + ... + a_{j-1}) x_j     backward dt, B, C
#pragma once
#include "kernels/kernels.h"

namespace mvh::kernels {

/// The length is cut into `chunks` chunks of `chunk` tokens, the last one perhaps shorter.
struct MixShape {
  int64_t batch, length, heads, width, groups, states, chunks, chunk;
};

/// Read-only [batch, length, 2, groups, states]; groups and states contiguous.
struct PairRows {
  const float* data;
  int64_t batch_stride, row_stride, direction_stride;
};

struct MixInput {
  Rows values;         // x [batch, length, heads * width]
  const float* steps;  // dt [batch, length, 2, heads]
  const float* rate;   // A [heads]
  PairRows keys, queries;
};

/// Floats of the matrices C . B that both passes work on; mix_scores fills them.
int64_t mix_scores_size(const MixShape& shape);
void mix_scores(const MixShape& shape, const MixInput& input, float* scores);

/// y: contiguous [batch, length, heads * width].
void mix_forward(const MixShape& shape, const MixInput& input, const float* scores, float* y);

/// Contiguous, every element written, shapes as in MixInput.
struct MixGradients {
  float *values, *steps, *rate, *keys, *queries;
};

/// Floats of scratch memory that mix_backward shares among its tasks.
int64_t mix_backward_size(const MixShape& shape);
void mix_backward(const MixShape& shape, const MixInput& input, const float* scores, Rows grad_y, float* work,
                  const MixGradients& gradients);

}  // namespace mvh::kernels
