// The two-dimensional DFT over (tokens, blocks) of a real signal, one piece of its channels at a time.
//
// A real signal of length n has a transform fixed by n real numbers: the sums with cos(2 pi k t / n) for k = 0..n/2
// and with sin(2 pi k t / n) for k = 1..(n-1)/2. "Half spectrum" below means these n numbers, cosines first. Cosines are
// even in t and sines odd, so the sums run over half of the signal: over x[t] + x[n-t] and over x[t] - x[n-t].
#pragma once
#include <cstdint>

namespace mvh::kernels {

/// Channels [first, first + width) within every block.
struct DftSlice {
  int64_t tokens, blocks, block_width, first, width;
};

/// Row-major, each scaled so that its transform is orthonormal.
struct DftMatrices {
  const float* cosines;  // [tokens / 2 + 1, tokens / 2 + 1], k and t from 0
  const float* sines;    // [(tokens - 1) / 2, (tokens - 1) / 2], k and t from 1
  const float* blocks;   // [blocks, blocks]: half spectrum over blocks, all rows
};

/// Floats of scratch for either direction.
int64_t dft_scratch_size(const DftSlice& slice);

/// One image x [tokens, blocks * block_width] to its complex spectrum: spectrum[block][token] holds block_width reals, then
/// as many imaginaries; blocks lie `block_stride` floats apart.
void dft_forward(const DftSlice& slice, const DftMatrices& matrices, const float* x, int64_t row_stride, float* spectrum,
                 int64_t block_stride, float* scratch);

/// The exact transpose of dft_forward: writes the slice of x, whose rows lie close together.
void dft_adjoint(const DftSlice& slice, const DftMatrices& matrices, const float* spectrum, int64_t block_stride, float* x,
                 float* scratch);

}  // namespace mvh::kernels
