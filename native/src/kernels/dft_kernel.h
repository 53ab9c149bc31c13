// The element-wise halves of the two-dimensional DFT over (tokens, blocks) of a real signal; the token half between
// them is one matrix product (ops/einfft.cc).
//
// A real signal of length n has a transform fixed by n real numbers: the sums with cos(2 pi k t / n) for k = 0..n/2
// and with sin(2 pi k t / n) for k = 1..(n-1)/2. "Half spectrum" below means these n numbers, cosines first.
#pragma once
#include <cstdint>

namespace mvh::kernels {

/// Channels [first, first + width) within every block; the half spectrum of one image is [tokens, blocks, width].
struct DftSlice {
  int64_t tokens, blocks, block_width, first, width;
};

/// out[t, half-spectrum over blocks, width] of one image x [tokens, blocks * block_width].
void block_dft(const DftSlice& slice, const float* x, int64_t row_stride, const float* matrix, float* out);
/// The exact transpose of block_dft: x [tokens, blocks * block_width], written (slice only).
void block_dft_transposed(const DftSlice& slice, const float* half, const float* matrix, float* x);

/// Half spectrum over both axes -> complex values: spectrum[block][token] holds block_width reals, then imaginaries.
void expand_spectrum(const DftSlice& slice, const float* half, float* spectrum, int64_t block_stride);
/// The exact transpose of expand_spectrum.
void fold_spectrum(const DftSlice& slice, const float* spectrum, int64_t block_stride, float* half);

/// x = sign(x) * max(|x| - threshold, 0), in place.
void softshrink(float* x, int64_t count, float threshold);

}  // namespace mvh::kernels
