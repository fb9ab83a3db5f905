// speed-peak THREADS: what the cores' arithmetic gives when nothing else holds it up. Prints GFLOPS of fused multiply-adds on
// floats, and, where the processor has the instruction, of its dot products on bfloat16 (0 where it has not).

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <numeric>
#include <thread>
#include <vector>

#if defined(__AVX512BF16__)
#include <immintrin.h>
#endif

namespace {

#if defined(__AVX512F__)
constexpr int width = 16;
#elif defined(__AVX__)
constexpr int width = 8;
#else
constexpr int width = 4;
#endif
typedef float Vector __attribute__((vector_size(width * sizeof(float))));

// enough independent sums to hide an instruction's latency on two units
constexpr int     sums   = 10;
constexpr int64_t rounds = 40'000'000;

float multiply_add() {
    Vector sum[sums] = {};
    Vector factor    = Vector{} + 0.999f;
    Vector addend    = Vector{} + 0.001f;
    for (int64_t i = 0; i < rounds; ++i) {
        for (int s = 0; s < sums; ++s) {
            sum[s] = sum[s] * factor + addend;
        }
#if defined(__x86_64__) && defined(__AVX__)
        asm volatile("" : "+v"(factor), "+v"(addend)); // the loop must not be folded
#endif
    }
    float total = 0.0f;
    for (const Vector & s : sum) {
        total += s[0];
    }
    return total;
}

constexpr double operations_multiply_add = 2.0 * width * sums * rounds;

#if defined(__AVX512BF16__)
float dot_bfloat16() {
    __m512 sum[sums];
    for (__m512 & s : sum) {
        s = _mm512_setzero_ps();
    }
    __m512bh a = _mm512_cvtne2ps_pbh(_mm512_set1_ps(0.5f), _mm512_set1_ps(0.5f));
    for (int64_t i = 0; i < rounds; ++i) {
        for (__m512 & s : sum) {
            s = _mm512_dpbf16_ps(s, a, a);
        }
        asm volatile("" : "+v"(a));
    }
    float total = 0.0f;
    for (const __m512 & s : sum) {
        total += s[0];
    }
    return total;
}

constexpr double operations_dot_bfloat16 = 2.0 * 32 * sums * rounds;
#endif

volatile float sink;

/// Seconds of the calling thread: of the processor where that can be told, so that other programs disturb little.
double seconds() {
#if defined(CLOCK_THREAD_CPUTIME_ID)
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
#else
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
#endif
}

/// The sum of what the threads do side by side, each one's best of three.
double gflops(float (*work)(), double operations, int threads) {
    std::vector<double>      best(threads, 0.0);
    std::vector<std::thread> team;
    for (double & rate : best) {
        team.emplace_back([work, operations, &rate] {
            for (int attempt = 0; attempt < 3; ++attempt) {
                const double start = seconds();
                sink = work();
                rate = std::max(rate, operations / (seconds() - start) / 1e9);
            }
        });
    }
    for (std::thread & thread : team) {
        thread.join();
    }
    return std::accumulate(best.begin(), best.end(), 0.0);
}

} // namespace

int main(int argc, char ** argv) {
    const int threads = argc == 2 ? std::atoi(argv[1]) : 0;
    if (threads < 1) {
        std::fprintf(stderr, "usage: speed-peak THREADS\n");
        return 2;
    }
    double bfloat16 = 0.0;
#if defined(__AVX512BF16__)
    bfloat16 = gflops(dot_bfloat16, operations_dot_bfloat16, threads);
#endif
    std::printf("%.1f %.1f\n", gflops(multiply_add, operations_multiply_add, threads), bfloat16);
    return 0;
}
