// The widest float vector of the instruction set the kernels are compiled for, as GCC/Clang vector types.
#pragma once
#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#include <cmath>
#include <cstdint>
#include <cstring>
#include <initializer_list>

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

/// The sums of kLanes vectors, as one vector.
inline Vec sums(const Vec* v) {
#if defined(__AVX512F__)
  // Four rows become one that holds four partial sums of each; then the 128-bit quarters are added.
  const auto four = [](const Vec* r) -> __m512 {
    const __m512 a = _mm512_add_ps(_mm512_unpacklo_ps(r[0], r[1]), _mm512_unpackhi_ps(r[0], r[1]));
    const __m512 b = _mm512_add_ps(_mm512_unpacklo_ps(r[2], r[3]), _mm512_unpackhi_ps(r[2], r[3]));
    return _mm512_add_ps(_mm512_shuffle_ps(a, b, 0x44), _mm512_shuffle_ps(a, b, 0xee));
  };
  const auto halves = [](__m512 a, __m512 b) {
    return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xdd));
  };
  return halves(halves(four(v), four(v + 4)), halves(four(v + 8), four(v + 12)));
#else
  Vec out{};
  for (int i = 0; i < kLanes; i++) out[i] = sum(v[i]);
  return out;
#endif
}

/// Makes columns of rows: lane j of v[i] becomes lane i of v[j].
inline void transpose(Vec (&v)[kLanes]) {
#if defined(__AVX512F__)
  __m512 pairs[16], fours[16], halves[16];
  for (int i = 0; i < 16; i += 2) {
    pairs[i] = _mm512_unpacklo_ps(v[i], v[i + 1]);
    pairs[i + 1] = _mm512_unpackhi_ps(v[i], v[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {  // column 4 q + j of rows i to i + 3 is quarter q of fours[i + j]
    fours[i] = _mm512_shuffle_ps(pairs[i], pairs[i + 2], 0x44);
    fours[i + 1] = _mm512_shuffle_ps(pairs[i], pairs[i + 2], 0xee);
    fours[i + 2] = _mm512_shuffle_ps(pairs[i + 1], pairs[i + 3], 0x44);
    fours[i + 3] = _mm512_shuffle_ps(pairs[i + 1], pairs[i + 3], 0xee);
  }
  for (int i = 0; i < 16; i += 8) {
    for (int j = 0; j < 4; j++) {  // quarters 0, 2 of both, then quarters 1, 3
      halves[i + j] = _mm512_shuffle_f32x4(fours[i + j], fours[i + 4 + j], 0x88);
      halves[i + 4 + j] = _mm512_shuffle_f32x4(fours[i + j], fours[i + 4 + j], 0xdd);
    }
  }
  for (int j = 0; j < 4; j++) {
    v[j] = _mm512_shuffle_f32x4(halves[j], halves[8 + j], 0x88);
    v[8 + j] = _mm512_shuffle_f32x4(halves[j], halves[8 + j], 0xdd);
    v[4 + j] = _mm512_shuffle_f32x4(halves[4 + j], halves[12 + j], 0x88);
    v[12 + j] = _mm512_shuffle_f32x4(halves[4 + j], halves[12 + j], 0xdd);
  }
#else
  for (int i = 0; i < kLanes; i++) {
    for (int j = 0; j < i; j++) {
      const float kept = v[i][j];
      v[i][j] = v[j][i];
      v[j][i] = kept;
    }
  }
#endif
}

inline float largest(Vec v) {
#if defined(__AVX512F__)
  return _mm512_reduce_max_ps(v);
#else
  float best = v[0];
  for (int i = 1; i < kLanes; i++) best = v[i] > best ? v[i] : best;
  return best;
#endif
}

/// a / b, to the last bit or the one before it, for 2^-100 < b < 2^100.
inline Vec quotient(Vec a, Vec b) {
#if defined(__AVX512F__)
  const Vec guess = _mm512_rcp14_ps(b);  // a step of Newton's is a fifth of a division
  const Vec q = a * guess;
  return q + guess * (a - q * b);
#else
  return a / b;
#endif
}

/// p 2^k for whole numbers k, with p near 1; underflows to 0 below 2^-126.
inline Vec times_power_of_two(Vec p, Vec k) {
#if defined(__AVX512F__)
  return _mm512_scalef_ps(p, k);
#else
  // Adding 1.5 * 2^23 leaves a whole number in the low mantissa bits.
  const Vec shifted = max(splat(-127.0f), k) + splat(12582912.0f);
  VecInt bits, exponent;
  std::memcpy(&bits, &p, sizeof bits);
  std::memcpy(&exponent, &shifted, sizeof exponent);
  bits += exponent << 23;
  Vec result;
  std::memcpy(&result, &bits, sizeof result);
  return k < splat(-126.0f) ? Vec{} : result;
#endif
}

/// 2^x of every x, relative error below 2e-7, NaN for NaN. Without AVX-512 it underflows to 0 below -126 and saturates
/// above 127. One exponential is a chain of operations that wait for each other; several are interleaved here.
template <int kCount>
inline void exp2_each(Vec (&x)[kCount]) {
#if defined(__AVX512F__) && defined(__AVX512DQ__)
  // x - floor(x) is one instruction, and vscalefps multiplies by 2^floor(x). A minimax polynomial of 2^f on [0, 1], exact
  // at both ends: maximum error 9e-8 before rounding, and none that adds up over many small steps.
  Vec f[kCount], p[kCount];
#pragma GCC unroll 4
  for (int i = 0; i < kCount; i++) {
    f[i] = _mm512_reduce_ps(x[i], _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
    p[i] = splat(1.879318268e-3f);
  }
  for (const float c : {8.990995874e-3f, 5.581867547e-2f, 2.401592716e-1f, 6.931517388e-1f, 1.0f}) {
#pragma GCC unroll 4
    for (int i = 0; i < kCount; i++) p[i] = p[i] * f[i] + splat(c);
  }
#pragma GCC unroll 4
  for (int i = 0; i < kCount; i++) x[i] = _mm512_scalef_ps(p[i], x[i]);
#else
  for (Vec& v : x) {
    const Vec clamped = max(splat(-126.0f), min(splat(127.0f), v));
    const Vec whole = (clamped + splat(12582912.0f)) - splat(12582912.0f);
    const Vec f = clamped - whole;
    Vec p = splat(1.535336188e-4f);  // a near-minimax polynomial of 2^f on [-0.5, 0.5]
    for (const float c : {1.339887440e-3f, 9.618437357e-3f, 5.550332471e-2f, 2.402264791e-1f, 6.931472028e-1f, 1.0f}) {
      p = p * f + splat(c);
    }
    v = v < splat(-126.0f) ? Vec{} : times_power_of_two(p, whole);
  }
#endif
}

inline Vec exp2(Vec x) {
  Vec all[1] = {x};
  exp2_each(all);
  return all[0];
}

constexpr float kLog2E = 1.44269504088896341f, kLn2 = 0.693147180559945309f;

inline Vec exp(Vec x) { return exp2(x * splat(kLog2E)); }

/// 1 / (1 + e^-x), not below e^-80.
inline Vec sigmoid(Vec x) { return quotient(splat(1.0f), splat(1.0f) + exp(min(splat(80.0f), -x))); }

}  // namespace mvh::kernels
