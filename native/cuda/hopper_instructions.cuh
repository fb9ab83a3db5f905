// Hopper's instructions for flash_attention_hopper.cu: warpgroup matrix products, copies, barriers (PTX ISA 8).
#pragma once

#include "common.cuh"

namespace longembed {

static __device__ __forceinline__ uint32_t shared_address(const void * pointer) {
    return static_cast<uint32_t>(__cvta_generic_to_shared(pointer));
}

// Bytes from the start of slabs of `rows` rows to the 16 bytes number `chunk` of a row.
template <int rows> static __device__ __forceinline__ uint32_t swizzled(int row, int chunk) {
    return (chunk / 8) * (rows * 128) + row * 128 + (((chunk % 8) ^ (row % 8)) << 4);
}

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)

// The descriptor of a matrix in shared memory with 128-byte swizzling; strides in bytes.
static __device__ __forceinline__ uint64_t descriptor(uint32_t address, uint32_t leading, uint32_t stride) {
    return static_cast<uint64_t>((address & 0x3ffff) >> 4) | static_cast<uint64_t>(leading >> 4) << 16 |
           static_cast<uint64_t>(stride >> 4) << 32 | uint64_t(1) << 62;
}

static __device__ __forceinline__ void copy_16_bytes(uint32_t to, const void * from, bool there) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(there ? 16 : 0) : "memory");
}

static __device__ __forceinline__ void commit_copies() {
    asm volatile("cp.async.commit_group;" ::: "memory");
}

template <int pending> static __device__ __forceinline__ void wait_for_copies() {
    asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
}

// Copies become visible to the matrix instructions, of all threads after the barrier that must follow.
static __device__ __forceinline__ void publish_shared() {
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

static __device__ __forceinline__ void begin_products() {
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}

static __device__ __forceinline__ void commit_products() {
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}

template <int pending> static __device__ __forceinline__ void wait_for_products() {
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(pending) : "memory");
}

// Keeps the compiler from moving uses of what products write across their wait.
template <int count> static __device__ __forceinline__ void settle(float (&numbers)[count]) {
#pragma unroll
    for (int i = 0; i < count; ++i) {
        asm volatile("" : "+f"(numbers[i])::"memory");
    }
}

#define EIGHT(x, i)                                                                                                    \
    "+f"(x[i]), "+f"(x[i + 1]), "+f"(x[i + 2]), "+f"(x[i + 3]), "+f"(x[i + 4]), "+f"(x[i + 5]), "+f"(x[i + 6]),        \
        "+f"(x[i + 7])

// 64 rows × 64 keys, 16 numbers deep: both operands in shared memory.
static __device__ __forceinline__ void multiply_queries(float (&s)[32], uint64_t q, uint64_t k, int add) {
    asm volatile("{\n"
                 ".reg .pred p;\n"
                 "setp.ne.b32 p, %34, 0;\n"
                 "wgmma.mma_async.sync.aligned.m64n64k16.f32.f16.f16 "
                 "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
                 "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31}, "
                 "%32, %33, p, 1, 1, 0, 0;\n"
                 "}\n"
                 : EIGHT(s, 0), EIGHT(s, 8), EIGHT(s, 16), EIGHT(s, 24)
                 : "l"(q), "l"(k), "r"(add));
}

// 64 rows × 128 numbers of values, 16 keys deep: weights in registers, values across rows of shared memory.
static __device__ __forceinline__ void multiply_values(float (&o)[64], const uint32_t (&w)[4], uint64_t v) {
    asm volatile("{\n"
                 ".reg .pred p;\n"
                 "setp.ne.b32 p, 1, 0;\n"
                 "wgmma.mma_async.sync.aligned.m64n128k16.f32.f16.f16 "
                 "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
                 "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, "
                 "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, "
                 "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63}, "
                 "{%64, %65, %66, %67}, %68, p, 1, 1, 1;\n"
                 "}\n"
                 : EIGHT(o, 0), EIGHT(o, 8), EIGHT(o, 16), EIGHT(o, 24), EIGHT(o, 32), EIGHT(o, 40), EIGHT(o, 48),
                   EIGHT(o, 56)
                 : "r"(w[0]), "r"(w[1]), "r"(w[2]), "r"(w[3]), "l"(v));
}

#undef EIGHT

static __device__ __forceinline__ float two_to(float x) {
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

static __device__ __forceinline__ uint32_t halves(float low, float high) {
    const half2 both = __floats2half2_rn(low, high);
    return *reinterpret_cast<const uint32_t *>(&both);
}

// The largest, or the sum, over the four threads that hold a row's columns.
static __device__ __forceinline__ float largest_of_row(float x) {
    x = fmaxf(x, __shfl_xor_sync(0xffffffff, x, 1));
    return fmaxf(x, __shfl_xor_sync(0xffffffff, x, 2));
}

static __device__ __forceinline__ float sum_of_row(float x) {
    x += __shfl_xor_sync(0xffffffff, x, 1);
    return x + __shfl_xor_sync(0xffffffff, x, 2);
}

static __device__ __forceinline__ void store_16_bytes(uint32_t to, uint4 x) {
    asm volatile("st.shared.v4.b32 [%0], {%1, %2, %3, %4};" ::"r"(to), "r"(x.x), "r"(x.y), "r"(x.z), "r"(x.w)
                 : "memory");
}

// mbarriers: 8 bytes of shared memory; a phase completes when `arrivals` threads have arrived.
static __device__ __forceinline__ void begin_barrier(uint32_t barrier, int arrivals) {
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier), "r"(arrivals) : "memory");
}

static __device__ __forceinline__ void arrive(uint32_t barrier) {
    asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(barrier) : "memory");
}

// Whether the phase of this parity has completed; of a fresh barrier, the one of parity 1 has.
static __device__ __forceinline__ bool has_completed(uint32_t barrier, uint32_t parity) {
    uint32_t done;
    asm volatile("{\n"
                 ".reg .pred p;\n"
                 "mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2;\n"
                 "selp.b32 %0, 1, 0, p;\n"
                 "}\n"
                 : "=r"(done)
                 : "r"(barrier), "r"(parity)
                 : "memory");
    return done != 0;
}

static __device__ __forceinline__ void wait_for(uint32_t barrier, uint32_t parity) {
    while (!has_completed(barrier, parity)) {}
}

// Named barriers: a thread that arrives does not wait.
static __device__ __forceinline__ void sync_named(int name, int count) {
    asm volatile("bar.sync %0, %1;" ::"r"(name), "r"(count) : "memory");
}

static __device__ __forceinline__ void arrive_named(int name, int count) {
    asm volatile("bar.arrive %0, %1;" ::"r"(name), "r"(count) : "memory");
}

template <int count> static __device__ __forceinline__ void fewer_registers() {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(count));
}

template <int count> static __device__ __forceinline__ void more_registers() {
    asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(count));
}

#endif // defined(__CUDA_ARCH_FEAT_SM90_ALL)

} // namespace longembed
