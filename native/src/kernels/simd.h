// The widest float vector of the instruction set the kernels are compiled for, as GCC/Clang vector types.
#pragma once
#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#include <cmath>
#include <cstdint>
#include <cstring>

namespace mvh::kernels {

#if defined(__AVX512F__)
constexpr int kLanes = 16;
#elif defined(__AVX__)
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif

typedef float Vec __attribute__((vector_size(kLanes * 4)));
typedef int32_t VecInt __attribute__((vector_size(kLanes * 4)));

inline Vec splat(float x) { return x - Vec{}; }

inline Vec load(const float* p) {
  Vec v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

inline void store(float* p, Vec v) { std::memcpy(p, &v, sizeof v); }

/// The first `n` (< kLanes) numbers at p; the other lanes are 0.
inline Vec load_first(const float* p, int64_t n) {
  Vec v{};
  std::memcpy(&v, p, static_cast<size_t>(n) * 4);
  return v;
}

inline void store_first(float* p, Vec v, int64_t n) { std::memcpy(p, &v, static_cast<size_t>(n) * 4); }

// NaN in `b` stays NaN, in `a` it is lost.
inline Vec max(Vec a, Vec b) { return a > b ? a : b; }
inline Vec min(Vec a, Vec b) { return a < b ? a : b; }

inline float sum(Vec v) {
#if defined(__AVX512F__)
  return _mm512_reduce_add_ps(v);
#else
  float total = 0;
  for (int i = 0; i < kLanes; i++) total += v[i];
  return total;
#endif
}

inline float largest(Vec v) {
  float best = v[0];
  for (int i = 1; i < kLanes; i++) best = v[i] > best ? v[i] : best;
  return best;
}

/// 2^f on [-0.5, 0.5]: a near-minimax polynomial.
inline Vec exp2_fraction(Vec f) {
  Vec p = splat(1.535336188e-4f);
  p = p * f + splat(1.339887440e-3f);
  p = p * f + splat(9.618437357e-3f);
  p = p * f + splat(5.550332471e-2f);
  p = p * f + splat(2.402264791e-1f);
  p = p * f + splat(6.931472028e-1f);
  p = p * f + splat(1.0f);
  return p;
}

/// 2^x, relative error below 2e-7; underflows to 0 below -126, saturates above 127, and is NaN for NaN.
inline Vec exp2(Vec x) {
#if defined(__AVX512F__)
  // vscalefps multiplies by a power of two, and its mask makes the zeros: half of the instructions of the general way.
  const __m512 low = _mm512_min_ps(_mm512_set1_ps(127.0f), x);  // NaN in the second operand stays
  const __m512 whole = _mm512_roundscale_ps(low, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __mmask16 normal = _mm512_cmp_ps_mask(x, _mm512_set1_ps(-126.0f), _CMP_NLT_UQ);
  return _mm512_maskz_scalef_ps(normal, exp2_fraction(low - whole), whole);
#else
  const Vec clamped = max(splat(-126.0f), min(splat(127.0f), x));
  // Adding 1.5 * 2^23 rounds to the nearest whole number and leaves it in the low mantissa bits.
  const Vec shifted = clamped + splat(12582912.0f);
  const Vec f = clamped - (shifted - splat(12582912.0f));  // in [-0.5, 0.5]
  const Vec p = exp2_fraction(f);
  VecInt bits, exponent;
  std::memcpy(&bits, &p, sizeof bits);
  std::memcpy(&exponent, &shifted, sizeof exponent);
  bits += exponent << 23;
  Vec result;
  std::memcpy(&result, &bits, sizeof result);
  return x < splat(-126.0f) ? Vec{} : result;
#endif
}

constexpr float kLog2E = 1.44269504088896341f;

inline Vec exp(Vec x) { return exp2(x * splat(kLog2E)); }

inline Vec sigmoid(Vec x) { return splat(1.0f) / (splat(1.0f) + exp(-x)); }

}  // namespace mvh::kernels
