#include "kernels/dft_kernel.h"

#include <algorithm>

#include "kernels/micro_gemm.h"

namespace mvh::kernels {
namespace {

/// Where things lie in a half spectrum of n numbers.
struct Half {
  int64_t n;
  int64_t cosines() const { return n / 2 + 1; }
  int64_t sines() const { return (n - 1) / 2; }
  bool has_sine(int64_t k) const { return k >= 1 && k <= sines(); }
  int64_t sine(int64_t k) const { return n / 2 + k; }
  int64_t mirror(int64_t k) const { return n - k; }
};

/// Rows of one token of a slice in scratch: [blocks, width], then zeros up to whole vectors.
int64_t row_floats(const DftSlice& s) { return (s.blocks * s.width + kLanes - 1) / kLanes * kLanes; }

/// out[r, :] = sum_j m[r, j] x[j, :] for a small square matrix; kSize is its compile-time size, or 0.
template <int kSize>
void mix_rows(const float* matrix, bool transposed, int64_t size, const float* __restrict x, int64_t x_stride,
              float* __restrict out, int64_t out_stride, int64_t width) {
  const int64_t n = kSize != 0 ? kSize : size;
  for (int64_t r = 0; r < n; r++) {
    float* y = out + r * out_stride;
    for (int64_t c = 0; c < width; c++) {
      float total = 0;
      for (int64_t j = 0; j < n; j++) total += (transposed ? matrix[j * n + r] : matrix[r * n + j]) * x[j * x_stride + c];
      y[c] = total;
    }
  }
}

void mix(const float* matrix, bool transposed, int64_t n, const float* x, int64_t x_stride, float* out, int64_t out_stride,
         int64_t width) {
  (n == 4 ? mix_rows<4> : mix_rows<0>)(matrix, transposed, n, x, x_stride, out, out_stride, width);
}

/// From a signal x to e[t] = x[t] + x[n-t] and o[t] = x[t] - x[n-t] (in the rows of the sines), mixed over blocks.
void fold(const DftSlice& s, const float* matrix, const float* x, int64_t row_stride, float* out, float* spare) {
  const Half half{s.tokens};
  const int64_t floats = row_floats(s), columns = s.blocks * s.width;
  float *even = spare, *odd = spare + floats;
  for (int64_t t = 0; t < half.cosines(); t++) {
    const float* row = x + t * row_stride + s.first;
    float* to = out + t * floats;
    std::fill(to + columns, to + floats, 0.0f);
    if (!half.has_sine(t)) {
      mix(matrix, false, s.blocks, row, s.block_width, to, s.width, s.width);
      continue;
    }
    const float* back = x + half.mirror(t) * row_stride + s.first;
    for (int64_t j = 0; j < s.blocks; j++)
      for (int64_t c = 0; c < s.width; c++) {
        const float a = row[j * s.block_width + c], b = back[j * s.block_width + c];
        even[j * s.width + c] = a + b;
        odd[j * s.width + c] = a - b;
      }
    mix(matrix, false, s.blocks, even, s.width, to, s.width, s.width);
    float* to_odd = out + half.sine(t) * floats;
    std::fill(to_odd + columns, to_odd + floats, 0.0f);
    mix(matrix, false, s.blocks, odd, s.width, to_odd, s.width, s.width);
  }
}

/// The transpose of fold.
void unfold(const DftSlice& s, const float* matrix, const float* in, float* x, float* spare) {
  const Half half{s.tokens};
  const int64_t floats = row_floats(s), columns = s.blocks * s.width, row_stride = s.blocks * s.block_width;
  for (int64_t t = 0; t < half.cosines(); t++) {
    const float* even = in + t * floats;
    float* row = x + t * row_stride + s.first;
    if (!half.has_sine(t)) {
      mix(matrix, true, s.blocks, even, s.width, row, s.block_width, s.width);
      continue;
    }
    const float* odd = in + half.sine(t) * floats;
    float *sum = spare, *difference = spare + floats;
    for (int64_t c = 0; c < columns; c++) {
      sum[c] = even[c] + odd[c];
      difference[c] = even[c] - odd[c];
    }
    mix(matrix, true, s.blocks, sum, s.width, row, s.block_width, s.width);
    mix(matrix, true, s.blocks, difference, s.width, x + half.mirror(t) * row_stride + s.first, s.block_width, s.width);
  }
}

/// The cosine and the sine product of the token axis; both matrices are symmetric, so this is its own transpose.
void transform_tokens(const DftSlice& s, const DftMatrices& m, const float* in, float* out) {
  const Half half{s.tokens};
  const int64_t floats = row_floats(s), vectors = floats / kLanes, c = half.cosines(), o = half.sines();
  small_product(c, vectors, c, {m.cosines, c, 1}, {in, floats}, out, floats, false);
  small_product(o, vectors, o, {m.sines, o, 1}, {in + c * floats, floats}, out + c * floats, floats, false);
}

/// The numbers of a half spectrum that make up the frequencies (+-k, +-j), token part first; unused where there is no sine.
template <class T>
struct Four {
  T *cc, *ss, *sc, *cs;
};

/// Values of the spectrum at (k, j), (k, -j), (-k, j), (-k, -j); only those that differ are used.
template <class T>
struct Quad {
  T *re[4], *im[4];
};

// X[k, j] = sum x e^{-i (a + b)}: real part = cos cos - sin sin, imaginary part = -(sin cos + cos sin); sin is odd.
// kToken, kBlock: whether k and j have a sine.
struct Expand {
  template <bool kToken, bool kBlock>
  static void run(const Four<const float>& h, const Quad<float>& q, int64_t width) {
#pragma GCC ivdep
    for (int64_t c = 0; c < width; c++) {
      const float cc = h.cc[c], ss = kToken && kBlock ? h.ss[c] : 0.0f, sc = kToken ? h.sc[c] : 0.0f,
                  cs = kBlock ? h.cs[c] : 0.0f;
      q.re[0][c] = cc - ss;
      q.im[0][c] = -(sc + cs);
      if (kBlock) q.re[1][c] = cc + ss;
      if (kBlock) q.im[1][c] = cs - sc;
      if (kToken) q.re[2][c] = cc + ss;
      if (kToken) q.im[2][c] = sc - cs;
      if (kToken && kBlock) q.re[3][c] = cc - ss;
      if (kToken && kBlock) q.im[3][c] = sc + cs;
    }
  }
};

/// The transpose of Expand.
struct Collect {
  template <bool kToken, bool kBlock>
  static void run(const Four<float>& h, const Quad<const float>& q, int64_t width) {
    const auto at = [](const float* p, bool used, int64_t c) { return used ? p[c] : 0.0f; };
#pragma GCC ivdep
    for (int64_t c = 0; c < width; c++) {
      const float r0 = q.re[0][c], r1 = at(q.re[1], kBlock, c), r2 = at(q.re[2], kToken, c), r3 = at(q.re[3], kToken && kBlock, c);
      const float i0 = q.im[0][c], i1 = at(q.im[1], kBlock, c), i2 = at(q.im[2], kToken, c), i3 = at(q.im[3], kToken && kBlock, c);
      h.cc[c] = (r0 + r1) + (r2 + r3);
      if (kToken && kBlock) h.ss[c] = (r1 + r2) - (r0 + r3);
      if (kToken) h.sc[c] = (i2 + i3) - (i0 + i1);
      if (kBlock) h.cs[c] = (i1 + i3) - (i0 + i2);
    }
  }
};

/// Runs Work over all k and j up to half.
template <class Work, class H, class S>
void for_each_quad(const DftSlice& s, H* half, S* spectrum, int64_t block_stride) {
  const Half tokens{s.tokens}, blocks{s.blocks};
  const int64_t floats = row_floats(s);
  for (int64_t k = 0; k < tokens.cosines(); k++) {
    for (int64_t j = 0; j < blocks.cosines(); j++) {
      const bool t = tokens.has_sine(k), b = blocks.has_sine(j);
      H *cosine = half + k * floats, *sine = t ? half + tokens.sine(k) * floats : cosine;
      const int64_t to = j * s.width, to_sine = b ? blocks.sine(j) * s.width : to;
      const Four<H> four{cosine + to, sine + to_sine, sine + to, cosine + to_sine};
      const int64_t mirrors[4][2] = {{k, j}, {k, blocks.mirror(j)}, {tokens.mirror(k), j}, {tokens.mirror(k), blocks.mirror(j)}};
      Quad<S> quad;
      for (int i = 0; i < 4; i++) {
        const bool used = (i < 2 || t) && (i % 2 == 0 || b);
        quad.re[i] = used ? spectrum + mirrors[i][1] * block_stride + mirrors[i][0] * 2 * s.block_width + s.first : nullptr;
        quad.im[i] = used ? quad.re[i] + s.block_width : nullptr;
      }
      if (t && b) Work::template run<true, true>(four, quad, s.width);
      else if (t) Work::template run<true, false>(four, quad, s.width);
      else if (b) Work::template run<false, true>(four, quad, s.width);
      else Work::template run<false, false>(four, quad, s.width);
    }
  }
}

}  // namespace

int64_t dft_scratch_size(const DftSlice& s) { return (2 * s.tokens + 2) * row_floats(s); }

void dft_forward(const DftSlice& s, const DftMatrices& m, const float* x, int64_t row_stride, float* spectrum,
                 int64_t block_stride, float* scratch) {
  const int64_t size = s.tokens * row_floats(s);
  float *folded = scratch, *half = scratch + size;
  fold(s, m.blocks, x, row_stride, folded, scratch + 2 * size);
  transform_tokens(s, m, folded, half);
  for_each_quad<Expand>(s, static_cast<const float*>(half), spectrum, block_stride);
}

void dft_adjoint(const DftSlice& s, const DftMatrices& m, const float* spectrum, int64_t block_stride, float* x, float* scratch) {
  const int64_t size = s.tokens * row_floats(s), columns = s.blocks * s.width;
  float *half = scratch, *folded = scratch + size;
  for (int64_t k = 0; k < s.tokens; k++) std::fill(half + k * row_floats(s) + columns, half + (k + 1) * row_floats(s), 0.0f);
  for_each_quad<Collect>(s, half, spectrum, block_stride);
  transform_tokens(s, m, half, folded);
  unfold(s, m.blocks, folded, x, scratch + 2 * size);
}

}  // namespace mvh::kernels
