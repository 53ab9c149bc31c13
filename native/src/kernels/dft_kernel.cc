#include "kernels/dft_kernel.h"

#include <algorithm>

#include "kernels/simd.h"

namespace mvh::kernels {
namespace {

/// Where frequency k of n lies in the half spectrum: the cosine row, the sine row (-1: none), the sine's sign.
struct Place {
  int64_t cosine, sine;
  float sign;
};

Place place(int64_t k, int64_t n) {
  const int64_t folded = std::min(k, n - k);
  const bool has_sine = folded != 0 && 2 * folded != n;
  return {folded, has_sine ? n / 2 + folded : -1, k == folded ? 1.0f : -1.0f};
}

/// out[r, :] = sum_j m[r, j] x[j, :] for a tiny square matrix; `transposed` uses m[j, r].
void mix(const float* matrix, bool transposed, int64_t n, const float* x, int64_t x_stride, float* out, int64_t out_stride,
         int64_t width) {
  for (int64_t r = 0; r < n; r++) {
    float* y = out + r * out_stride;
    for (int64_t j = 0; j < n; j++) {
      const float w = transposed ? matrix[j * n + r] : matrix[r * n + j];
      const float* v = x + j * x_stride;
      if (j == 0)
        for (int64_t c = 0; c < width; c++) y[c] = w * v[c];
      else
        for (int64_t c = 0; c < width; c++) y[c] += w * v[c];
    }
  }
}

struct Four {
  const float *cc, *ss, *sc, *cs;  // token part first; null where the frequency has no sine
};

}  // namespace

void block_dft(const DftSlice& s, const float* x, int64_t row_stride, const float* matrix, float* out) {
  for (int64_t t = 0; t < s.tokens; t++)
    mix(matrix, false, s.blocks, x + t * row_stride + s.first, s.block_width, out + t * s.blocks * s.width, s.width, s.width);
}

void block_dft_transposed(const DftSlice& s, const float* half, const float* matrix, float* x) {
  for (int64_t t = 0; t < s.tokens; t++)
    mix(matrix, true, s.blocks, half + t * s.blocks * s.width, s.width, x + t * s.blocks * s.block_width + s.first,
        s.block_width, s.width);
}

// X[k, j] = sum x e^{-i (a + b)}: real part = cos cos - sin sin, imaginary part = -(sin cos + cos sin).
void expand_spectrum(const DftSlice& s, const float* half, float* spectrum, int64_t block_stride) {
  const auto at = [&](int64_t t, int64_t j) { return t < 0 || j < 0 ? nullptr : half + (t * s.blocks + j) * s.width; };
  for (int64_t j = 0; j < s.blocks; j++) {
    const Place b = place(j, s.blocks);
    for (int64_t k = 0; k < s.tokens; k++) {
      const Place t = place(k, s.tokens);
      const Four f{at(t.cosine, b.cosine), at(t.sine, b.sine), at(t.sine, b.cosine), at(t.cosine, b.sine)};
      float* re = spectrum + j * block_stride + k * 2 * s.block_width + s.first;
      float* im = re + s.block_width;
      const float both = t.sign * b.sign;
      for (int64_t c = 0; c < s.width; c++) re[c] = f.ss ? f.cc[c] - both * f.ss[c] : f.cc[c];
      if (f.sc && f.cs)
        for (int64_t c = 0; c < s.width; c++) im[c] = -(t.sign * f.sc[c] + b.sign * f.cs[c]);
      else if (f.sc)
        for (int64_t c = 0; c < s.width; c++) im[c] = -t.sign * f.sc[c];
      else if (f.cs)
        for (int64_t c = 0; c < s.width; c++) im[c] = -b.sign * f.cs[c];
      else
        std::fill(im, im + s.width, 0.0f);
    }
  }
}

void fold_spectrum(const DftSlice& s, const float* spectrum, int64_t block_stride, float* half) {
  std::fill(half, half + s.tokens * s.blocks * s.width, 0.0f);
  const auto add = [&](int64_t t, int64_t j, float sign, const float* from) {
    if (t < 0 || j < 0) return;
    float* to = half + (t * s.blocks + j) * s.width;
    for (int64_t c = 0; c < s.width; c++) to[c] += sign * from[c];
  };
  for (int64_t k = 0; k < s.tokens; k++) {
    const Place t = place(k, s.tokens);
    for (int64_t j = 0; j < s.blocks; j++) {
      const Place b = place(j, s.blocks);
      const float* re = spectrum + j * block_stride + k * 2 * s.block_width + s.first;
      const float* im = re + s.block_width;
      add(t.cosine, b.cosine, 1.0f, re);
      add(t.sine, b.sine, -t.sign * b.sign, re);
      add(t.sine, b.cosine, -t.sign, im);
      add(t.cosine, b.sine, -b.sign, im);
    }
  }
}

void softshrink(float* x, int64_t count, float threshold) {
  // x minus x clamped to [-threshold, threshold]; vectorises without a branch.
  for (int64_t i = 0; i < count; i++) x[i] -= std::min(std::max(x[i], -threshold), threshold);
}

}  // namespace mvh::kernels
