// Small matrix products in registers, for operands that are already in cache: C (+)= A B.
#pragma once
#include <algorithm>

#include "kernels/simd.h"

namespace mvh::kernels {

// Register tile: kTileRows x kTileVectors accumulators leave room for one row of B and one element of A.
constexpr int kTileRows = 6;
constexpr int kTileVectors = kLanes == 16 ? 4 : 2;

/// A[r, i] is data[r * row + i * step]: both A and its transpose are read in place.
struct Left {
  const float* data;
  int64_t row, step;
};

/// Rows of whole vectors, `stride` floats apart.
struct Right {
  const float* data;
  int64_t stride;
};

template <int R, int V>
void micro_tile(int64_t depth, Left a, Right b, float* c, int64_t c_stride, bool accumulate) {
  Vec sums[R][V];
#pragma GCC unroll 6
  for (int r = 0; r < R; r++) {
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) sums[r][v] = accumulate ? load(c + r * c_stride + v * kLanes) : Vec{};
  }
  const float *pa = a.data, *pb = b.data;
  for (int64_t i = 0; i < depth; i++, pa += a.step, pb += b.stride) {
    Vec row[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) row[v] = load(pb + v * kLanes);
#pragma GCC unroll 6
    for (int r = 0; r < R; r++) {
      const Vec x = splat(pa[r * a.row]);
#pragma GCC unroll 4
      for (int v = 0; v < V; v++) sums[r][v] += x * row[v];
    }
  }
#pragma GCC unroll 6
  for (int r = 0; r < R; r++) {
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) store(c + r * c_stride + v * kLanes, sums[r][v]);
  }
}

template <int V>
void micro_rows(int64_t rows, int64_t depth, Left a, Right b, float* c, int64_t c_stride, bool accumulate) {
  int64_t r = 0;
  for (; r + kTileRows <= rows; r += kTileRows)
    micro_tile<kTileRows, V>(depth, {a.data + r * a.row, a.row, a.step}, b, c + r * c_stride, c_stride, accumulate);
  const Left rest{a.data + r * a.row, a.row, a.step};
  float* tail = c + r * c_stride;
  switch (rows - r) {
    case 5: return micro_tile<5, V>(depth, rest, b, tail, c_stride, accumulate);
    case 4: return micro_tile<4, V>(depth, rest, b, tail, c_stride, accumulate);
    case 3: return micro_tile<3, V>(depth, rest, b, tail, c_stride, accumulate);
    case 2: return micro_tile<2, V>(depth, rest, b, tail, c_stride, accumulate);
    case 1: return micro_tile<1, V>(depth, rest, b, tail, c_stride, accumulate);
    default: return;
  }
}

/// C[rows, vectors * kLanes] = or += A[rows, depth] B[depth, vectors * kLanes].
inline void small_product(int64_t rows, int64_t vectors, int64_t depth, Left a, Right b, float* c, int64_t c_stride,
                          bool accumulate) {
  for (int64_t v = 0; v < vectors; v += kTileVectors) {
    const Right panel{b.data + v * kLanes, b.stride};
    float* out = c + v * kLanes;
    switch (std::min<int64_t>(kTileVectors, vectors - v)) {
      case 4: micro_rows<4>(rows, depth, a, panel, out, c_stride, accumulate); break;
      case 3: micro_rows<3>(rows, depth, a, panel, out, c_stride, accumulate); break;
      case 2: micro_rows<2>(rows, depth, a, panel, out, c_stride, accumulate); break;
      default: micro_rows<1>(rows, depth, a, panel, out, c_stride, accumulate); break;
    }
  }
}

}  // namespace mvh::kernels
