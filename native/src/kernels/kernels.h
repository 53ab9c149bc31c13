// CPU float32 kernels over plain memory: no tensors, no libtorch. Every layout is channel-last; the last axis is
// contiguous. All results are the same bits for any number of threads.
#pragma once
#include <cstdint>

namespace mvh::kernels {

/// Floats per vector the kernels were compiled for (16 AVX-512, 8 AVX, 4 otherwise).
int vector_width();

/// Read-only [batch, length, channels]; element (b, l, c) is data[b * batch_stride + l * row_stride + c].
struct Rows {
  const float* data;
  int64_t batch_stride;
  int64_t row_stride;
  const float* at(int64_t b, int64_t l) const { return data + b * batch_stride + l * row_stride; }
};

// --- in place ------------------------------------------------------------------------------------------------

/// x = x (1 + erf(x / sqrt 2)) / 2, absolute error below 3e-7 times |x|.
void gelu(float* x, int64_t count);

/// x = sign(x) * max(|x| - threshold, 0).
void softshrink(float* x, int64_t count, float threshold);

// --- normalisation -------------------------------------------------------------------------------------------

/// y = (x - mean) / sqrt(variance + eps) weight + bias, over each of `rows` rows of `width` numbers.
void layer_norm(const float* x, int64_t rows, int64_t width, const float* weight, const float* bias, float eps, float* y);

// --- selective scan ------------------------------------------------------------------------------------------
//   dt = delta (+ delta_bias), softplus (linear above 20) if asked;
//   h_t = exp(dt_t A) h_{t-1} + dt_t B_t u_t,  h_{-1} = 0;   y_t = sum_n C_t h_t (+ D u_t)

constexpr int64_t kScanChunk = 16;  // steps between two saved states: as many as the nearest cache holds in the backward

struct ScanShape {
  int64_t batch, length, channels, states;
};

struct ScanInput {
  Rows u, delta;            // [batch, length, channels]
  Rows B, C;                // [batch, length, states]
  const float* A;           // [channels, states]
  const float* D;           // [channels] or null
  const float* delta_bias;  // [channels] or null
  bool softplus;
};

/// The sum of `count` powers of two of numbers in registers: a scan's exponentials without the scan, to measure what bounds it.
float exponentials(int64_t count);

/// Floats that scan_forward saves for scan_backward.
int64_t scan_saved_size(const ScanShape& shape);

/// y: contiguous [batch, length, channels]. saved: scan_saved_size floats, or null when no gradient follows.
void scan_forward(const ScanShape& shape, const ScanInput& input, float* y, float* saved);

/// Contiguous, every element written: u, delta [batch, length, channels], A [channels, states],
/// B, C [batch, length, states], D and delta_bias [channels] or null.
struct ScanGradients {
  float *u, *delta, *A, *B, *C, *D, *delta_bias;
};

void scan_backward(const ScanShape& shape, const ScanInput& input, const float* saved, Rows grad_y,
                   const ScanGradients& gradients);

// --- depthwise convolution over the length -------------------------------------------------------------------
//   y[t, c] = bias[c] + sum_k weight[c, k] x[t - pad_left + k, c] (zero outside), then SiLU if asked; y has length rows

struct ConvShape {
  int64_t batch, length, channels, taps, pad_left;
};

/// More taps than this are not supported by the kernel.
int64_t conv_max_taps();

void conv_forward(const ConvShape& shape, Rows x, const float* weight, const float* bias, bool silu, float* y);

/// grad_x contiguous [batch, length, channels], grad_weight [channels, taps], grad_bias [channels] or null: all written.
void conv_backward(const ConvShape& shape, Rows x, const float* weight, const float* bias, bool silu, Rows grad_y,
                   float* grad_x, float* grad_weight, float* grad_bias);

// --- attention -----------------------------------------------------------------------------------------------

struct AttentionShape {
  int64_t batch, length, heads, head_dim;
};

/// qkv rows hold q | k | v, each heads x head_dim. out: contiguous [batch, length, heads * head_dim].
/// logsumexp: [batch, heads, length] of the scaled scores, natural log; null when no gradient follows.
void attention_forward(const AttentionShape& shape, Rows qkv, float scale, float* out, float* logsumexp);

/// grad_qkv: contiguous [batch, length, 3 * heads * head_dim], every element written.
void attention_backward(const AttentionShape& shape, Rows qkv, float scale, const float* out, const float* logsumexp,
                        Rows grad_out, float* grad_qkv);

}  // namespace mvh::kernels
