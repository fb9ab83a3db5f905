// The kernels of fused_operations.cu.
#pragma once

#include "common.cuh"

namespace longembed {

// Four floats as halves, as they are rounded for a product.
static __device__ __forceinline__ uint2 four_halves(float a, float b, float c, float d) {
    const half2 low = __floats2half2_rn(a, b), high = __floats2half2_rn(c, d);
    return {*reinterpret_cast<const uint *>(&low), *reinterpret_cast<const uint *>(&high)};
}

constexpr int norm_threads = 256;

// y = x / √(mean(x²) + eps) ⊙ weight. A block for each row of `size` numbers, a multiple of 4; rows of x lie x_row
// apart.
static __global__ void rms_norm_halves(const float * x, const float * weight, half * y, int size, int64_t x_row,
                                       float eps) {
    const float4 * row = reinterpret_cast<const float4 *>(x + blockIdx.x * x_row);
    float          sum = 0.0f;
    for (int i = threadIdx.x; i < size / 4; i += norm_threads) {
        const float4 v = row[i];
        sum += v.x * v.x + v.y * v.y + v.z * v.z + v.w * v.w;
    }
    __shared__ float sums[norm_threads / WARP_SIZE];
    sum = warp_reduce_sum(sum);
    if (threadIdx.x % WARP_SIZE == 0) {
        sums[threadIdx.x / WARP_SIZE] = sum;
    }
    __syncthreads();
    sum = 0.0f;
#pragma unroll
    for (int i = 0; i < norm_threads / WARP_SIZE; ++i) {
        sum += sums[i];
    }
    const float    scale = rsqrtf(sum / size + eps);
    const float4 * w     = reinterpret_cast<const float4 *>(weight);
    uint2 *        to    = reinterpret_cast<uint2 *>(y + blockIdx.x * int64_t(size));
    for (int i = threadIdx.x; i < size / 4; i += norm_threads) {
        const float4 v = row[i], by = w[i];
        to[i] = four_halves(scale * v.x * by.x, scale * v.y * by.y, scale * v.z * by.z, scale * v.w * by.w);
    }
}

static __device__ __forceinline__ float silu(float x) {
    return x / (1.0f + __expf(-x));
}

// y = silu(gate) ⊙ up, of `quads` times four numbers.
static __global__ void swiglu_halves(const float4 * gate, const float4 * up, uint2 * y, int64_t quads) {
    for (int64_t i = blockIdx.x * int64_t(blockDim.x) + threadIdx.x; i < quads; i += int64_t(gridDim.x) * blockDim.x) {
        const float4 g = gate[i], u = up[i];
        y[i] = four_halves(silu(g.x) * u.x, silu(g.y) * u.y, silu(g.z) * u.z, silu(g.w) * u.w);
    }
}

// Rows of four times `quads` floats to halves: `all` quads of rows, for each blockIdx.y.
static __global__ void rows_to_halves(const char * from, char * to, int quads, int all, int64_t from_row,
                                      int64_t from_matrix, int64_t to_row, int64_t to_matrix) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < all) {
        const int    row = i / quads, quad = i % quads;
        const float4 v = reinterpret_cast<const float4 *>(from + blockIdx.y * from_matrix + row * from_row)[quad];
        reinterpret_cast<uint2 *>(to + blockIdx.y * to_matrix + row * to_row)[quad] = four_halves(v.x, v.y, v.z, v.w);
    }
}

// An angle without whole turns, −π … π. The float nearest to 2π is off by 1.7e-7: the rest of it is subtracted, too.
static __device__ __forceinline__ float without_turns(float angle) {
    constexpr float turn = 6.28318548f, rest = -1.74845553e-7f;
    const float     turns = rintf(angle * 0.159154943f);
    return fmaf(-turns, rest, fmaf(-turns, turn, angle));
}

struct Rotation {
    const float *   x;
    float *         y;               // [head size, heads, tokens], rows one after the other
    int64_t         x_head, x_token; // in floats
    int             head_size, heads, pairs;
    const int32_t * fine; // positions
    const int32_t * coarse;
    const float *   fine_divisors; // angle = position / divisor, for each pair
    const float *   coarse_divisors;
    float           magnitude;
};

// Turns the first 2 · pairs numbers of each head by the sum of two angles. A block for each token; 2 · pairs floats of
// shared memory, pairs and head size even.
template <bool neox> static __global__ void rotate_twice(const Rotation r) {
    extern __shared__ float2 turns[]; // cosine and sine of each pair
    const int                token = blockIdx.x;
    for (int pair = threadIdx.x; pair < r.pairs; pair += blockDim.x) {
        const float angle = without_turns(without_turns(__fdiv_rn(r.fine[token], r.fine_divisors[pair])) +
                                          without_turns(__fdiv_rn(r.coarse[token], r.coarse_divisors[pair])));
        turns[pair]       = {cosf(angle) * r.magnitude, sinf(angle) * r.magnitude};
    }
    __syncthreads();
    const float * from = r.x + token * r.x_token;
    float *       to   = r.y + token * int64_t(r.head_size) * r.heads;
    // two pairs at a time
    for (int i = threadIdx.x; i < r.heads * r.pairs / 2; i += blockDim.x) {
        const int     head = i / (r.pairs / 2), pair = i % (r.pairs / 2) * 2;
        const float * in  = from + head * r.x_head;
        float *       out = to + head * r.head_size;
        const float2  a = turns[pair], b = turns[pair + 1];
        if constexpr (neox) {
            const float2 first                      = *reinterpret_cast<const float2 *>(in + pair);
            const float2 second                     = *reinterpret_cast<const float2 *>(in + r.pairs + pair);
            *reinterpret_cast<float2 *>(out + pair) = {first.x * a.x - second.x * a.y, first.y * b.x - second.y * b.y};
            *reinterpret_cast<float2 *>(out + r.pairs + pair) = {first.x * a.y + second.x * a.x,
                                                                 first.y * b.y + second.y * b.x};
        } else {
            const float4 v                              = *reinterpret_cast<const float4 *>(in + 2 * pair);
            *reinterpret_cast<float4 *>(out + 2 * pair) = {v.x * a.x - v.y * a.y, v.x * a.y + v.y * a.x,
                                                           v.z * b.x - v.w * b.y, v.z * b.y + v.w * b.x};
        }
    }
    const int left = r.head_size - 2 * r.pairs;
    for (int i = threadIdx.x; i < r.heads * left; i += blockDim.x) {
        const int head = i / left, at = 2 * r.pairs + i % left;
        to[head * r.head_size + at] = from[head * r.x_head + at];
    }
}

} // namespace longembed
