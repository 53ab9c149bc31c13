// Shared by attention's forward and backward: one head's rows, packing into cache, tile sizes.
#pragma once
#include <algorithm>
#include <vector>

#include "kernels/kernels.h"
#include "kernels/simd.h"

namespace mvh::kernels {

// Keys per tile: 257 tokens fit in one, so that usual images need no rescaling between tiles.
constexpr int64_t kKeyTile = 384;
// Queries per block; scores of one block against one tile stay in the L2 cache.
constexpr int64_t kQueryBlock = 48;

inline int64_t padded(int64_t n) { return (n + kLanes - 1) / kLanes * kLanes; }

/// One of q, k, v (or of their gradients) of one head: row l starts at data + l * stride.
struct HeadRows {
  const float* data;
  int64_t stride;
  const float* at(int64_t l) const { return data + l * stride; }
};

/// part: 0 = q, 1 = k, 2 = v.
inline HeadRows head_rows(const AttentionShape& s, const Rows& qkv, int64_t b, int64_t head, int64_t part) {
  return {qkv.at(b, 0) + (part * s.heads + head) * s.head_dim, qkv.row_stride};
}

/// out[d, l] = rows[first + l, d] * factor for `count` rows; columns up to padded(count) are 0.
inline void pack_transposed(const AttentionShape& s, HeadRows rows, int64_t first, int64_t count, float factor, float* out) {
  const int64_t width = padded(count);
  for (int64_t l0 = 0; l0 < width; l0 += kLanes) {
    const int64_t n = std::min<int64_t>(kLanes, count - l0);
    for (int64_t d0 = 0; d0 < s.head_dim; d0 += kLanes) {
      const int64_t m = std::min<int64_t>(kLanes, s.head_dim - d0);
      Vec block[kLanes] = {};
      for (int64_t l = 0; l < n; l++) {
        const float* row = rows.at(first + l0 + l) + d0;
        block[l] = (m == kLanes ? load(row) : load_first(row, m)) * splat(factor);
      }
      transpose(block);
      for (int64_t d = 0; d < m; d++) store(out + (d0 + d) * width + l0, block[d]);
    }
  }
}

/// out[l, :] = rows[first + l, :], padded with zeros to whole vectors.
inline void pack_rows(const AttentionShape& s, HeadRows rows, int64_t first, int64_t count, float* out) {
  const int64_t width = padded(s.head_dim);
  for (int64_t l = 0; l < count; l++) {
    std::copy(rows.at(first + l), rows.at(first + l) + s.head_dim, out + l * width);
    std::fill(out + l * width + s.head_dim, out + (l + 1) * width, 0.0f);
  }
}

/// Hands out aligned pieces of a buffer that the thread keeps between tasks.
class Scratch {
 public:
  explicit Scratch(int64_t floats) {
    if (static_cast<int64_t>(buffer().size()) * kLanes < floats) buffer().resize(static_cast<size_t>(floats / kLanes + 1));
    next_ = reinterpret_cast<float*>(buffer().data());
  }
  float* take(int64_t floats) {
    float* piece = next_;
    next_ += padded(floats);
    return piece;
  }

 private:
  static std::vector<Vec>& buffer() {
    static thread_local std::vector<Vec> kept;
    return kept;
  }
  float* next_;
};

}  // namespace mvh::kernels
